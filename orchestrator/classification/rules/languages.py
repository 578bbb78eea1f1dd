"""Word stems for money, plans, limits and length in the languages that relays are written in.

Thirteen: those that most web sites use after English (Spanish, Russian, German, French,
Japanese, Portuguese, Turkish and Italian: W3Techs in October 2024, by
https://en.wikipedia.org/wiki/Languages_used_on_the_Internet, looked up 2026-11-29), and
Chinese, Korean, Vietnamese, Indonesian and Arabic, whose markets have relays of their own.
Words of a dictionary, chosen by meaning and not after messages: what a sentence is about, and
what is the matter with it, as in ``word_pairs``. Accents are left out of Latin letters, as
:func:`orchestrator.classification.phrases.normalise` leaves them out of texts; ``*`` stands
for endings. Whole phrases of Chinese stand in ``chinese_phrases``.
"""

from __future__ import annotations

MONEY = (
    "余额", "额度", "配额", "资源包", "点数", "积分", "资金", "钱包", "权益",
    "次数", "流量包", "用量包", "金币", "预付费", "费用", "账户", "token包", "免费",  # Chinese
    "saldo", "fondos", "credito*", "dinero",  # Spanish, Italian, Indonesian
    "fundos", "dinheiro",  # Portuguese
    "solde", "fonds", "provision", "credit", "credits",  # French
    "guthaben*", "kontostand*",  # German
    "fondi", "denaro",  # Italian
    "so du", "tin dung", "so tien", "tien trong tai khoan",  # Vietnamese
    "bakiye*", "kredi*",  # Turkish
    "kredit", "dana",  # Indonesian
    "баланс", "средств", "кредит", "деньг", "денег", "残高", "クレジット", "残額",
    "資金", "잔액", "잔고", "크레딧", "포인트", "رصيد", "الرصيد", "رصيدك", "أموال",
)  # fmt: skip
GONE = (
    "不足", "用尽", "用完", "耗尽", "不够", "用光", "耗光", "告罄", "透支", "为零",
    "为空", "欠费", "拖欠", "已用", "未付",  # Chinese
    "insuficiente*", "agotad*", "agoto", "sin saldo", "no tiene", "sin fondos",
    "acabado", "esgotad*", "acabou", "acabaram", "sem saldo", "nao ha",
    "insuffisant*", "epuise*", "plus de", "manque*", "reicht nicht", "aufgebraucht",
    "nicht ausreichend", "unzureichend*", "erschopft", "nicht genug", "kein",
    "keine", "zu niedrig", "verbraucht", "insufficiente", "insufficienti",
    "esaurit*", "terminat*", "khong du", "da het", "het so du", "can kiet",
    "khong con", "yetersiz*", "tukendi", "bitti", "kalmadi", "doldu", "tidak cukup",
    "habis", "tidak mencukupi", "kurang", "недостаточно", "недостаточн", "исчерпан",
    "закончил", "нет", "не хватает", "нулев", "不足", "足りません", "使い切",
    "ありません", "なくな", "枯渇", "부족", "소진", "없습니다", "모자", "غير كاف",
    "نفد", "نفذ", "لا يكفي", "انتهى",
)  # fmt: skip
PLAN = (
    "套餐", "订阅", "会员", "试用", "资源包", "服务",  # Chinese
    "suscripcion", "plan", "periodo de prueba", "prueba gratuita", "membresia",
    "assinatura", "plano", "periodo de teste", "avaliacao gratuita", "abonnement",
    "forfait", "periode d'essai", "essai gratuit", "abo", "tarif", "testzeitraum",
    "probezeit*", "testphase", "abbonamento", "piano", "periodo di prova",
    "goi dich vu", "goi cuoc", "dang ky", "goi", "dung thu", "abonelik",
    "abonelig*", "uyelik*", "deneme suresi", "paket", "langganan", "masa percobaan",
    "paket anda", "подписк", "тариф", "пробн", "план", "サブスクリプション",
    "プラン", "契約", "試用期間", "トライアル", "구독", "요금제", "플랜", "체험",
    "멤버십", "اشتراك", "الخطة", "الفترة التجريبية",
)  # fmt: skip
OVER = (
    "到期", "过期", "结束", "失效", "终止", "取消", "停用", "未购买", "尚未购买",  # Chinese
    "vencio", "vencid*", "caducad*", "caduco", "expirad*", "ha expirado", "expiro",
    "finalizad*", "cancelad*", "termino", "venceu", "expirou", "encerrad*",
    "terminou", "expire*", "termine*", "a pris fin", "resilie*", "annule*",
    "abgelaufen", "beendet", "gekundigt", "ausgelaufen", "scadut*", "terminat*",
    "cessat*", "annullat*", "het han", "da ket thuc", "bi huy", "sona erdi",
    "suresi doldu", "bitti", "iptal edildi", "doldu", "berakhir", "kedaluwarsa",
    "kadaluarsa", "dibatalkan", "истек", "закончил", "отменен", "неактивн",
    "завершен", "завершил", "期限切れ", "終了", "切れ", "解約", "無効", "失効",
    "만료", "종료", "해지", "취소", "انتهى", "انتهت", "منتهي", "ألغي",
)  # fmt: skip
QUOTA = (
    "cuota", "limite de uso", "limite de gasto", "cota", "limite de consumo", "quota",
    "limite d'utilisation", "kontingent", "nutzungslimit", "limite di utilizzo", "limite di spesa",
    "han ngach", "han muc", "kota", "kullanim siniri", "kuota", "batas penggunaan", "квот",
    "лимит использования", "лимит расходов", "割り当て", "クォータ", "利用上限", "使用量の上限",
    "利用枠", "할당량", "쿼터", "사용 한도", "사용량 한도", "الحصة", "حصة", "حد الاستخدام",
)  # fmt: skip
EXCEEDED = (
    "excedid*", "superad*", "agotad*", "alcanzad*", "excedio", "excedeu", "ultrapassad*",
    "atingid*", "esgotad*", "depasse*", "atteint*", "epuise*", "uberschritten", "erreicht",
    "erschopft", "aufgebraucht", "superat*", "raggiunt*", "esaurit*", "vuot qua", "da het",
    "dat gioi han", "asildi", "doldu", "tukendi", "ulasildi", "terlampaui", "habis", "tercapai",
    "melebihi", "превышен", "исчерпан", "достигнут", "超過", "超え", "達し", "使い切", "초과",
    "소진", "도달", "تجاوز", "استنفاد", "بلغت",
)  # fmt: skip
REQUESTS = (
    "请求", "调用", "频率", "速率", "并发", "qps", "rpm", "tpm", "使用量", "用量",
    "访问",  # Chinese
    "solicitudes", "peticiones", "requisicoes", "pedidos", "solicitacoes",
    "requetes", "demandes", "anfragen", "richieste", "yeu cau", "istek",
    "permintaan", "limite de solicitudes", "limite de velocidad",
    "limite de frecuencia", "limite de taxa", "limite de requisicoes",
    "limite de debit", "anfragelimit", "ratenlimit", "limite di richieste",
    "gioi han toc do", "hiz siniri", "batas laju", "запрос", "частот",
    "лимит запросов", "リクエスト", "レート制限", "アクセス", "요청", "호출",
    "속도 제한", "طلبات", "الطلبات", "معدل",
)  # fmt: skip
TOO_MANY = (
    "过快", "过高", "频繁", "过多", "太快", "太多", "上限", "超限", "受限", "限额",
    "超过", "超出", "限制", "达到",  # Chinese
    "demasiad*", "por minuto", "excedid*", "superad*", "muitas", "muitos",
    "excesso", "ultrapassad*", "excedido", "trop de", "par minute", "depasse*",
    "zu viele", "pro minute", "uberschritten", "troppe", "al minuto", "superat*",
    "qua nhieu", "moi phut", "vuot qua", "cok fazla", "asildi", "terlalu banyak",
    "per menit", "terlampaui", "слишком много", "слишком част", "в минуту",
    "превышен", "多すぎ", "頻繁", "毎分", "分間", "超過", "制限", "너무 많", "분당",
    "초과", "제한", "كثيرة جدا", "كثير", "في الدقيقة", "تجاوز",
)  # fmt: skip
MINUTE = (
    "每日", "今日", "每分钟", "每小时", "分钟", "小时", "重置", "每天", "每周",
    "稍后", "频率", "并发", "速率", "明天", "次日",  # Chinese
    "por minuto", "par minute", "pro minute", "al minuto", "moi phut", "dakika",
    "per menit", "por segundo", "par seconde", "pro sekunde", "al secondo",
    "в минуту", "в секунду", "毎分", "分間", "毎秒", "분당", "초당", "في الدقيقة",
    "por dia", "par jour", "pro tag", "al giorno", "в день", "毎日", "일일",
    "분 뒤", "분 후", "hoy", "hoje", "aujourd'hui", "heute", "oggi", "сегодня",
    "本日", "오늘", "manana", "amanha", "demain", "morgen", "domani", "завтра",
    "明日", "내일", "reinici*",
)  # fmt: skip
"""Windows that open again by themselves."""
LENGTH = (
    "长度", "上下文", "输入", "提示词", "消息", "文本", "对话", "字符",  # Chinese
    "entrada", "solicitud", "contexto", "mensaje", "prompt", "tokens", "mensajes",
    "consulta", "solicitacao", "requisicao", "mensagem", "mensagens", "requete",
    "entree", "contexte", "message", "messages", "jetons", "invite", "eingabe",
    "anfrage", "kontext*", "nachricht*", "kontextlange", "richiesta", "input",
    "contesto", "messaggio", "messaggi", "dau vao", "ngu canh", "yeu cau",
    "tin nhan", "noi dung", "girdi", "baglam", "istek", "mesaj*", "istem",
    "masukan", "konteks", "permintaan", "pesan", "контекст", "запрос", "сообщени",
    "ввод", "токен", "промпт", "入力", "コンテキスト", "プロンプト", "トークン",
    "メッセージ", "リクエスト", "文脈", "입력", "컨텍스트", "프롬프트", "토큰",
    "메시지", "요청", "대화", "문맥", "النص", "السياق", "الطلب", "الإدخال",
    "الرسالة", "المدخلات",
)  # fmt: skip
TOO_LONG = (
    "超过", "超出", "过长", "太长", "超长", "超限", "过大", "太大", "上限",  # Chinese
    "demasiado larg*", "muy larg*", "supera*", "excede*", "demasiado grande",
    "demasiados tokens", "muito long*", "long* demais", "ultrapass*",
    "muito grande", "tokens demais", "trop long*", "depass*", "trop grand*",
    "trop de jetons", "trop de tokens", "zu lang*", "uberschreit*", "zu gross",
    "ubersteigt", "zu viele token*", "troppo lung*", "eccede*", "troppo grande",
    "troppi token", "qua dai", "vuot qua", "qua lon", "dai hon", "cok uzun",
    "asiyor", "asti", "cok buyuk", "cok fazla token", "terlalu panjang", "melebihi",
    "melampaui", "terlalu besar", "слишком длин", "превыша", "превысил",
    "слишком больш", "слишком много токенов", "превышен", "長すぎ", "超えて",
    "超過", "大きすぎ", "超えました", "上限を超", "너무 길", "너무 깁", "너무 긴",
    "초과", "너무 큽", "넘", "طويل جدا", "طويلة جدا", "يتجاوز", "تتجاوز", "تجاوز",
)  # fmt: skip
KEY = (
    "密钥", "秘钥", "令牌", "api key", "apikey", "鉴权", "签名", "凭证",  # Chinese
    "clave api", "clave de api", "chave api", "chave de api", "chave da api",
    "cle api", "cle d'api", "api schlussel*", "chiave api", "chiave dell'api",
    "khoa api", "api anahtar*", "kunci api", "api ключ", "ключ api", "apiキー",
    "api キー", "api 키", "api키", "مفتاح api", "مفتاح", "ключ доступа", "認証",
    "인증",
)  # fmt: skip
INVALID = (
    "无效", "错误", "不正确", "有误", "不合法", "非法", "缺失", "吊销", "禁用",  # Chinese
    "no valida", "invalida", "no es valida", "incorrecta", "caducada",
    "nao e valida", "incorreta", "invalide", "incorrecte", "non valide", "expiree",
    "ungultig*", "falsch*", "abgelaufen", "non valida", "scaduta", "errata",
    "khong hop le", "het han", "gecersiz*", "hatali", "tidak valid", "salah",
    "неверн", "недейств", "некоррект", "истек", "無効", "正しくありません", "失敗",
    "유효하지", "잘못", "만료", "실패", "غير صالح", "غير صحيح",
)  # fmt: skip
PAYMENT = (
    "pago", "pagamento", "paiement", "zahlung*", "tarjeta", "cartao", "carte bancaire",
    "thanh toan", "odeme", "pembayaran", "kreditkarte", "carta di credito", "оплат", "платеж",
    "支払い", "お支払い", "決済", "결제", "支付", "付款", "الدفع", "دفع",
)  # fmt: skip
REQUIRED = (
    "requerid*", "necesari*", "necessari*", "obrigatori*", "requis*", "obligatoire", "erforderlich",
    "benotigt", "richiest*", "can thiet", "yeu cau", "gerekli*", "gerekiyor", "diperlukan",
    "требуется", "необходим", "必要", "필요", "需要", "失败", "fallid*", "echoue", "fehlgeschlagen",
    "실패", "失敗", "مطلوب",
)  # fmt: skip
