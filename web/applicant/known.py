"""Answers that a registry gives and nobody may change."""

from typing import Any

from jsonschema import Draft202012Validator

from casework.views import PrefilledForm
from catalogue.forms import FORMATS
from domain.forms import fields_of
from domain.service_item import ServiceItem


def fitting_values(item: ServiceItem, prefilled: PrefilledForm) -> dict[str, Any]:
    """Form fields whose registry value stands: not editable, known, and what the form accepts. The others are asked."""
    fields = fields_of(item.form)
    fixed = (fill.field for fill in item.prefill if not fill.editable and fill.field in fields and fill.field in prefilled.values)
    return {name: prefilled.values[name] for name in fixed if _fits(fields[name], prefilled.values[name])}


def _fits(schema: dict[str, Any], value: Any) -> bool:
    return Draft202012Validator(schema, format_checker=FORMATS).is_valid(value)
