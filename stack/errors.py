"""What stops the stack: always a sentence that says what to do."""


class StackProblem(Exception):
    """Shown to the operator as it is, without a traceback."""
