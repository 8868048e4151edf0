"""The one exception that means "the input is wrong", as opposed to "the program is"."""


class InputError(ValueError):
    """Something the user gave cannot be used.

    The message names the file, row, column or parameter, says what was found, and says
    what is accepted. The command line prints it alone, without a traceback, and exits
    with status 1.
    """
