"""Previews: a contact sheet of sources and their views."""
