"""Typological distance of every language from English, with its coverage."""
