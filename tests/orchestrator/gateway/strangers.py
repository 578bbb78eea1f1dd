"""What strangers may put into a request: any text, and what nearly is a header of ours."""

from __future__ import annotations

from hypothesis import strategies as st

NAMES = ("authorization", "Authorization", "x-api-key", "X-GOOG-API-KEY", "host", "origin")

texts = (
    st.text(max_size=20)
    | st.text(st.characters(max_codepoint=255), max_size=20)
    | st.sampled_from(
        ["", " ", "Bearer", "Bearer ", "bearer x", "Basic eDp5", "null", "*", "http://", "[::1",
         "localhost:99999999", "http://[::1]:8400", "application/json;", ";charset", "\ud800"]
    )
)  # fmt: skip

headers = st.lists(st.tuples(st.sampled_from(NAMES) | texts, texts), max_size=4)
