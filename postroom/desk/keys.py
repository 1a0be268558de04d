"""The keys of the queue and of the page of a new message; `scripts/keys.js` does what these words say."""

QUEUE_KEYS = {
    "j": "The next message",
    "k": "The message before",
    "o": "Open it",
    "w": "Work through them, from the first",
    "/": "Search",
    "u": "Undo what was just done",
    "?": "These keys",
}
TRIAGE_KEYS = {
    "c": "Confirm, and on to the next",
    "t": "Change the type",
    "g": "Change the category",
    "m": "Change the team: type a part of its name",
    "x": "Outside the complaints process",
    "r": "Somebody may be at risk, or not",
    "l": "See the letter that goes out",
    "o": "Open the attachments",
    "n": "It is no feedback",
    "b": "It belongs to another case",
    "2": "It is about two things",
    "s": "Skip to the next",
    "u": "Undo what was just done",
    "q": "Back to the queue",
    "/": "Search",
    "Enter": "In a list: done, on to the button",
    "?": "These keys",
}
