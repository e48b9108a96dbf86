"""Languages, their codes and URIEL's arrays: the only place where codes are translated."""
