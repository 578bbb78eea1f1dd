"""Failures without an HTTP answer: what exceptions and their words say.

Names: https://www.python-httpx.org/exceptions/ , the openai and botocore SDKs
and the standard library (looked up 2026-11-21).
"""

from __future__ import annotations

from orchestrator.classification.rule import Rule
from orchestrator.states.reasons import Reason, Scope

_HTTPX = "https://www.python-httpx.org/exceptions/ (2026-11-21)"
_STDLIB = "https://docs.python.org/3/library/exceptions.html (2026-11-21)"
_OURS = "a limit of ours (design section 4)"
_OUR_CONNECTIONS = "what our own connections raise, docs/connections.md (2026-11-30)"
_OUR_DURABLE = "what our durable calls raise, docs/temporal.md (2026-11-30)"
_ANY = {"exception"}

_DNS = (
    "name or service not known", "getaddrinfo", "nodename nor servname", "name resolution",
    "no address associated", "enotfound", "eai again", "no such host", "could not resolve host",
    "could not resolve", "name does not resolve", "failed to resolve", "dns", "unknown host",
    "unknownhost*", "name not resolved", "err name not resolved",
)  # fmt: skip
_TLS = (
    "certificate verify failed", "[ssl", "ssl handshake", "tlsv1 alert", "wrong version number",
    "self signed certificate", "hostname mismatch", "unable to get local issuer certificate",
    "certificate has expired", "cert has expired", "tls handshake", "handshake failure",
    "ssl error", "unexpected eof while reading", "unknown ca", "x509",
    "depth zero self signed cert", "sslv3 alert", "unable to verify the first certificate",
    "eproto", "bad certificate", "certificate unknown", "record layer failure", "ssl routines",
    "ssl connect error",
)  # fmt: skip
_TIMED_OUT = (
    "timed out", "timeout", "time out", "etimedout", "esockettimedout", "deadline exceeded",
    "i/o timeout", "winerror 10060", "und err connect timeout", "und err headers timeout",
    "und err body timeout", "took too long", "连接超时", "请求超时", "超时", "request timeout",
)  # fmt: skip
_BROKEN = (
    "incomplete chunked read", "without sending complete message body", "incompleteread*",
    "payload is not completed", "response ended prematurely", "premature close", "premature end",
    "stream ended before", "stream ended unexpectedly", "stream closed", "stream interrupted",
    "without sending complete message", "transferencodingerror", "transfer encoding error",
    "contentlengtherror", "not enough data for satisfy", "err stream premature close",
    "stream was reset", "stream reset", "incomplete message", "unexpected end of stream",
    "unexpected end of file", "body stream already read",
    "connection closed before message completed", "error reading a body from connection",
    "error decoding response body", "stream error", "more expected", "missing finish reason",
    "before completion", "before response completed",
)  # fmt: skip
_CLOSED = (
    "connection was reset", "connection reset*", "connection aborted", "server disconnected",
    "disconnected", "broken pipe", "econnreset", "epipe", "econnaborted", "socket hang up",
    "connectionterminated*", "goaway", "connection lost", "connection closed",
    "connection was closed", "remote end closed connection", "remote host closed",
    "peer closed connection", "connection dropped", "terminated", "other side closed",
    "und err socket", "eof", "winerror 10054", "winerror 10053", "远程主机强迫关闭",
    "connection broken", "connection interrupted", "连接被重置", "connection is closed",
)  # fmt: skip
_UNREACHED = (
    "connect to proxy", "proxyerror", "error sending request", "connection refused",
    "connection error", "network is unreachable", "no route to host", "host is unreachable",
    "all connection attempts failed", "econnrefused", "ehostunreach", "enetunreach",
    "fetch failed", "failed to fetch", "network error", "networkerror", "cannot connect to host",
    "failed to establish a new connection", "max retries exceeded", "failed to connect",
    "could not connect", "couldn't connect", "connect error", "connection failure",
    "connection failed", "unable to connect", "network request failed", "network connection",
    "load failed", "upstream connect error", "winerror 10061", "winerror 10065", "积极拒绝",
    "connection attempt failed", "unreachable", "connect call failed", "tunnel connection failed",
    "bad gateway", "err connection*", "err internet disconnected", "connection to … failed",
    "连接失败", "网络错误", "enetdown", "connection not available",
)  # fmt: skip
_CLOSED_HINT = (
    "The connection was closed after the request went out, before an answer came: send it again, "
    "and look at the server or the proxies in between if it lasts."
)
_TLS_HINT = (
    "The endpoint's TLS certificate or handshake was not accepted: check base_url, the system's "
    "clock and any proxy in between; trust a private authority by verify in the provider's config."
)
_DNS_HINT = (
    "The endpoint's host name could not be resolved: check the spelling of base_url and your DNS."
)

RESEND = "new_connection"
"""The repair of a kept connection that turned out closed: the request is sent on a new one."""

RULES: tuple[Rule, ...] = (
    Rule("transport.stale-connection", Reason.CONNECTION, _OUR_CONNECTIONS,
         codes={"exception:staleconnection"}, scope=Scope.REQUEST, repair=RESEND,
         hint=("A connection that was kept open had been closed when the request reached it: it "
         "is sent again on a new one, and nothing needs to be done.")),
    # Nothing is known of the provider, which may have answered: no mark, and another try.
    Rule("transport.performer-lost", Reason.CONNECTION, _OUR_DURABLE,
         codes={"exception:performerlost"}, scope=Scope.REQUEST,
         hint=("The process that sent the request went away before its answer was recorded: it "
         "is sent again; look at why that process ended.")),
    Rule("transport.unusable-route", Reason.CONNECTION, _OUR_CONNECTIONS,
         codes={"exception:unusablecertificates", "exception:unusableproxy"}, scope=Scope.REQUEST,
         hint=("The certificates or the proxy that are named here cannot be used: mend what the "
         "message names, or take it out.")),
    # --- limits of ours, by the name that a call gives them ---
    *(
        Rule(f"timeout.{limit}", Reason.TIMEOUT, _OURS, codes={f"exception:{limit}"}, types=_ANY)
        for limit in ("first_token", "idle", "total", "connect")
    ),
    Rule("timeout.connect-httpx", Reason.TIMEOUT, _HTTPX, codes={"exception:connecttimeout",
         "exception:connecttimeouterror"},
         hint=("The endpoint did not take the connection in time: check base_url and the "
         "network, or raise connect in [timeouts].")),
    Rule("timeout.read", Reason.TIMEOUT, _HTTPX, codes={"exception:readtimeout",
         "exception:readtimeouterror", "exception:sockettimeout"}),
    Rule("timeout.write", Reason.TIMEOUT, _HTTPX, codes={"exception:writetimeout"},
         hint=("The endpoint stopped reading the request: check the network, or send a "
         "smaller request.")),
    Rule("timeout.pool", Reason.TIMEOUT, _HTTPX, codes={"exception:pooltimeout"},
         hint=("No connection of ours became free in time: lower the number of calls in "
         "flight or raise the pool's size.")),
    Rule("transport.cancelled", Reason.CANCELLED, _STDLIB, codes={"exception:cancellederror",
         "exception:keyboardinterrupt", "exception:generatorexit", "exception:cancelled"}),
    # --- what the words say, whatever the exception's type ---
    Rule("transport.dns", Reason.CONNECTION, _STDLIB, codes={"exception:gaierror",
         "exception:herror"}, hint=_DNS_HINT),
    Rule("transport.dns-words", Reason.CONNECTION, _STDLIB, codes=_ANY, contains=_DNS,
         hint=_DNS_HINT),
    Rule("transport.tls", Reason.CONNECTION, _STDLIB, codes={"exception:sslerror",
         "exception:sslcertverificationerror", "exception:certificateerror"}, hint=_TLS_HINT),
    Rule("transport.tls-words", Reason.CONNECTION, _STDLIB, codes=_ANY, contains=_TLS,
         hint=_TLS_HINT),
    Rule("transport.illegal-key", Reason.AUTH,
         "UnsendableRequest, httpx LocalProtocolError: a broken key (2026-11-30)", codes=_ANY,
         contains=("illegal header value", "invalid header value",
         "api key client option must be set", "could not resolve authentication method"),
         unless=("the answer is no http",),
         hint=("The credential cannot be sent as a header: check that the key is set and "
         "has no spaces or line breaks.")),
    Rule("transport.bad-url", Reason.CONNECTION, _HTTPX,
         codes={"exception:unsupportedprotocol", "exception:invalidurl", "exception:missingschema",
         "exception:locationparseerror"},
         hint="base_url is no usable address: give it with http:// or https:// and a host."),
    Rule("transport.proxy", Reason.CONNECTION, _HTTPX, codes={"exception:proxyerror"},
         hint="The proxy between you and the provider failed: check the proxy's settings."),
    Rule("transport.untyped-hang-up", Reason.CONTEXT_OVERFLOW,
         ("undecidable: reported of local servers and relays that hang up on a too "
         "long request (2026)"), codes={"exception:exception"},
         contains=("peer closed connection without sending complete message",
         "server disconnected without sending"), unless=("incomplete chunked read",),
         hint=("The server took the request and hung up without a word, as overfilled local "
         "servers do: try a shorter request or a larger context, and check the server.")),
    Rule("transport.broken-stream-type", Reason.STREAM_INTERRUPTED, _HTTPX,
         codes={"exception:incompleteread", "exception:chunkedencodingerror",
         "exception:clientpayloaderror", "exception:stream_interrupted", "exception:streamconsumed",
         "exception:streaminterrupted", "exception:streamclosed", "exception:incompletereaderror",
         "exception:streamreset"}),
    Rule("transport.broken-stream", Reason.STREAM_INTERRUPTED, _HTTPX, codes=_ANY,
         contains=_BROKEN),
    Rule("transport.timed-out-type", Reason.TIMEOUT, _STDLIB, codes={"exception:timeouterror",
         "exception:timeoutexception", "exception:apitimeouterror", "exception:timeout",
         "exception:servertimeouterror", "exception:sockettimeouterror",
         "exception:connectiontimeouterror", "exception:deadlineexceeded",
         "exception:connectiontimeout", "exception:requesttimeout"}),
    Rule("transport.timed-out", Reason.TIMEOUT, _STDLIB, codes=_ANY, contains=_TIMED_OUT,
         unless=("status code", "http status")),
    Rule("transport.unreached-type", Reason.CONNECTION, _HTTPX,
         codes={"exception:connecterror", "exception:connectionrefusederror",
         "exception:clientconnectorerror", "exception:newconnectionerror",
         "exception:endpointconnectionerror", "exception:maxretryerror",
         "exception:clientconnectorcertificateerror", "exception:serviceunreachable"}),
    # Whoever closes a connection on which a request stands was reached: it is the one model,
    # or its server, that hung up.
    Rule("transport.closed-type", Reason.CONNECTION, _HTTPX,
         codes={"exception:readerror", "exception:writeerror", "exception:closeerror",
         "exception:remoteprotocolerror", "exception:connectionreseterror",
         "exception:connectionabortederror", "exception:brokenpipeerror",
         "exception:serverdisconnectederror", "exception:connectionclosederror",
         "exception:remotedisconnected", "exception:eoferror"}, scope=Scope.MODEL,
         hint=_CLOSED_HINT),
    Rule("transport.closed-words", Reason.CONNECTION, _HTTPX, codes={"exception:networkerror",
         "exception:transporterror", "exception:connectionerror", "exception:apiconnectionerror",
         "exception:clientoserror", "exception:clientconnectionerror", "exception:oserror",
         "exception:ioerror", "exception:socketerror", "exception:error"}, contains=_CLOSED,
         scope=Scope.MODEL, hint=_CLOSED_HINT),
    Rule("transport.failed-type", Reason.CONNECTION, _HTTPX,
         codes={"exception:networkerror", "exception:transporterror", "exception:connectionerror",
         "exception:apiconnectionerror", "exception:clientoserror",
         "exception:clientconnectionerror", "exception:localprotocolerror"}),
    Rule("transport.decoding", Reason.INVALID_RESPONSE, _HTTPX,
         codes={"exception:decodingerror", "exception:jsondecodeerror",
         "exception:toomanyredirects", "exception:apiresponsevalidationerror",
         "exception:unicodedecodeerror", "exception:decodeerror"},
         hint=("The answer is packed in a way that was not asked for, or cannot be read: look at "
         "the server or a proxy in between, or ask for gzip by Accept-Encoding in headers.")),
    Rule("transport.closed", Reason.CONNECTION, _HTTPX, codes=_ANY, contains=_CLOSED,
         scope=Scope.MODEL, hint=_CLOSED_HINT),
    Rule("transport.unreached", Reason.CONNECTION, _HTTPX, codes=_ANY, contains=_UNREACHED),
    Rule("transport.os-error", Reason.CONNECTION, _STDLIB, codes={"exception:oserror",
         "exception:ioerror", "exception:socketerror", "exception:error"}),
)  # fmt: skip
