"""Reporters: each turns an assessed journal into one output."""
