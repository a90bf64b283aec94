"""Holding answers against a form: JSON Schema 2020-12, with ID numbers checked to their last digit."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError

from domain.clock import day_in_china
from domain.errors import FieldError, InvalidInput
from domain.identity_numbers import parse_id_number
from domain.service_item import ServiceItem
from domain.text import Bilingual

FORMATS = FormatChecker(("date", "date-time", "email", "time"))


@FORMATS.checks("id-number")
def _is_id_number(value: object) -> bool:
    """18 digits whose last one is right (GB 11643-1999), written as registries write them."""
    if not isinstance(value, str):
        return True
    try:
        return parse_id_number(value, today=day_in_china(datetime.now(UTC))).value == value
    except InvalidInput:
        return False


@lru_cache(maxsize=1024)
def _validator(form: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads(form), format_checker=FORMATS)


def check_answers(item: ServiceItem, answers: Mapping[str, Any], *, prefix: str = "/answers") -> None:
    """Hold answers against the item's form.

    Raises:
        InvalidInput: one entry per field, with what to do.
    """
    validator = _validator(json.dumps(item.form))
    errors = [_field_error(item, e, prefix) for e in validator.iter_errors(dict(answers))]
    if errors:
        raise InvalidInput(fields=errors)


def _label(item: ServiceItem, name: object) -> Bilingual:
    field = item.form.get("properties", {}).get(name, {})
    return Bilingual.model_validate(field["x-label"]) if "x-label" in field else Bilingual(zh=str(name)[:40], en=str(name)[:40])


def _field_error(item: ServiceItem, error: ValidationError, prefix: str) -> FieldError:
    path = list(error.absolute_path)
    if error.validator is None and not path:
        path = _not_asked(item, error)
    if error.validator == "required":
        missing = error.message.split("'")[1]
        path, label = [*path, missing], _label(item, missing)
        text = Bilingual(zh=f"请填写：{label.zh}", en=f"Please answer: {label.en}")
    elif error.validator == "additionalProperties":
        known = ", ".join(item.form.get("properties", {}))
        text = Bilingual(zh=f"有未知的填报项；可填：{known}", en=f"There is an unknown field; known are: {known}")
    else:
        text = _constraint_text(error, _label(item, path[0] if path else ""))
    return FieldError(path="/".join([prefix, *(str(p).replace("~", "~0").replace("/", "~1") for p in path)]), text=text)


def _not_asked(item: ServiceItem, error: ValidationError) -> list[str | int]:
    """The field that a schema `false` refuses; the library tells only where the schema stands."""
    schema: Any = item.form
    for step in error.absolute_schema_path:
        schema = schema[step]
    return [name for name, allowed in schema.items() if allowed is False][:1]


def _constraint_text(error: ValidationError, label: Bilingual) -> Bilingual:
    value = error.validator_value
    match error.validator:
        case "enum":
            return Bilingual(zh=f"请从选项中选择：{label.zh}", en=f"Choose one of the options: {label.en}")
        case "minLength":
            return Bilingual(zh=f"{label.zh}：至少 {value} 个字", en=f"{label.en}: at least {value} characters")
        case "maxLength":
            return Bilingual(zh=f"{label.zh}：最多 {value} 个字", en=f"{label.en}: at most {value} characters")
        case "uniqueItems":
            return Bilingual(zh=f"{label.zh}：不能重复", en=f"{label.en}: no repetitions")
        case "minItems":
            return Bilingual(zh=f"{label.zh}：至少 {value} 项", en=f"{label.en}: at least {value}")
        case "maxItems":
            return Bilingual(zh=f"{label.zh}：最多 {value} 项", en=f"{label.en}: at most {value}")
        case "minimum":
            return Bilingual(zh=f"{label.zh}：不能小于 {value}", en=f"{label.en}: not less than {value}")
        case "maximum":
            return Bilingual(zh=f"{label.zh}：不能大于 {value}", en=f"{label.en}: not more than {value}")
        case "format" if value == "id-number":
            return Bilingual(
                zh=f"{label.zh}：身份证号有误，请核对每一位，尤其是最后一位",
                en=f"{label.en}: this ID number is not right; check every digit, the last one above all",
            )
        case "format" if value == "date":
            return Bilingual(zh=f"{label.zh}：请写成 2026-11-21 这样的日期", en=f"{label.en}: write the date as 2026-11-21")
        case None:  # the schema `false`: the field is not asked after the other answers
            return Bilingual(zh=f"按您的其他回答，不需要填写：{label.zh}", en=f"After your other answers this is not asked: {label.en}")
        case _:
            return Bilingual(
                zh=f"{label.zh}：格式不对，请按说明填写", en=f"{label.en}: not in the form asked for; see the hint beside the field"
            )
