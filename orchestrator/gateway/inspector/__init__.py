"""The inspector: a page that shows calls as they move, and what it asks of the gateway.

The contract between the page and the gateway. All answers are JSON, errors as everywhere; where
the gateway takes keys, each request but the first brings one as ``Authorization: Bearer KEY``.

``GET /``
    The page (:mod:`.document`): one document, its style and script within. It needs no key, and
    holds nothing that would.
``GET /inspector/events``
    What happens to calls (:mod:`.live_events`), as ``text/event-stream``: ``data: {…}`` lines,
    each an object with a ``kind``. ``hello`` comes first, and again where events were missed: what
    it says replaces all that was told before. Then ``begun``, ``moved``, ``attempt`` and ``over``
    for each call; ``behind`` says how many events were left out. Calls of its own key, for an
    admin those of all.
``GET /inspector/board``
    Providers, credentials and targets with their marks (:mod:`.board_page`). For admins.
``POST /inspector/reset`` with ``{"provider": NAME or null}``
    Removes the marks of a provider, or all of them; answers ``{"removed": N}``. For admins.
``GET /inspector/edges?from=STATE&to=STATE``
    The newest of the kept calls that went from one state to the other, at most 100
    (:mod:`.edge_calls`).
``GET /inspector/figures``
    What calls of the last 24 hours came to, minute by minute (:mod:`.minute_figures`). For admins.
``GET /inspector/policy`` or ``/inspector/policy?call=ID``
    The policy of the config (for admins), or of one finished call, as TOML
    (:mod:`.policy_text`).
``POST /inspector/replay`` with ``{"call": ID, "policy": TOML}``
    A finished call played again under another policy (:mod:`.replayed_call`): nothing is sent, and
    no mark is touched.

The states of the page's diagram, ``machine.svg``, are ``<g class="state" data-state=NAME>``, its
edges ``<g class="edge" data-from=NAME data-to=NAME data-rows="ROW …">``; :mod:`scripts.diagrams`
draws them from the table.
"""
