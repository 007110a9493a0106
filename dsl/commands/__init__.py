"""The commands of the command line: what each is asked for, says, writes and ends with."""
