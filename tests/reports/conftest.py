from tests.casework.conftest import book, new_case, new_message, officer_id

__all__ = ["book", "new_case", "new_message", "officer_id"]
