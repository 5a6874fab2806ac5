"""Incoming payloads: parsed once, leniently, into frozen models; and their registration with Bolt."""
