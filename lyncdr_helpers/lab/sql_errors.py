"""What the lab's SQL Server says when it does not do as asked: Microsoft's numbers and words, shortened."""

from __future__ import annotations


class SqlError(Exception):
    """number: of the message, as Microsoft has it."""

    def __init__(self, number: int, message: str) -> None:
        super().__init__(message)
        self.number = number
        self.message = message


def no_database(name: str) -> SqlError:
    return SqlError(911, f"Database '{name}' does not exist. Make sure that the name is entered correctly.")


def in_a_restore(name: str) -> SqlError:
    return SqlError(927, f"Database '{name}' cannot be opened. It is in the middle of a restore.")


def no_device(file: str, why: str) -> SqlError:
    return SqlError(3201, f"Cannot open backup device '{file}'. Operating system error {why}.")


def no_folder(path: str) -> SqlError:
    return SqlError(5133, f'Directory lookup for the file "{path}" failed with the operating system error 3.')
