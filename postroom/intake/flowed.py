"""Text whose lines flow (RFC 3676): the line breaks that a mail program put in are taken out again."""

_SIGNATURE = "-- "


def unflow(text: str, *, delete_space: bool) -> str:
    """The paragraphs of `text`, each on one line. `delete_space`: the blank at a line's end is no part of the words."""
    paragraphs: list[list[str]] = []
    flows, depth_before = False, -1
    for line in text.split("\n"):
        words = line.lstrip(">")
        depth = len(line) - len(words)
        words = words.removeprefix(" ")  # a stuffed blank
        goes_on = words.endswith(" ") and words != _SIGNATURE
        kept = words[:-1] if goes_on and delete_space else words
        if flows and depth == depth_before and words != _SIGNATURE:
            paragraphs[-1].append(kept)
        else:
            paragraphs.append([f"{'>' * depth} {kept}" if depth else kept])
        flows, depth_before = goes_on, depth
    lines = map("".join, paragraphs)
    return "\n".join(line if line == _SIGNATURE else line.rstrip() for line in lines)
