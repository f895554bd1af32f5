use super::limits::ValueLimits;
use super::out::{TextStyle, TracebackWriter, fitting, width};
use crate::event::{CaptureTime, Variable, short_type};

/// Names and types longer than this are not lined up with the others.
const MAX_NAME: usize = 20;
const MAX_TYPE: usize = 24;
const MAX_LINES: usize = 6;

/// Writes groups of variables as `name: type = value`, lined up over all groups, with the group's
/// label at the left.
pub(super) fn write(
    out: &mut TracebackWriter,
    groups: &[(&str, &[Variable])],
    indent: usize,
    limits: ValueLimits,
    columns: usize,
) {
    let all = || groups.iter().flat_map(|(_, variables)| variables.iter());
    let label = indent + groups.iter().map(|(label, _)| label.len()).max().unwrap_or(0) + 2;
    let names = all()
        .map(|variable| width(&variable.name))
        .filter(|name| *name <= MAX_NAME)
        .max()
        .unwrap_or(0);
    let types = all()
        .map(|variable| width(&short(variable)))
        .filter(|name| *name <= MAX_TYPE)
        .max()
        .unwrap_or(0);
    let at_type = label + names + 2;
    let at_value = at_type + types + usize::from(types > 0);
    for (name, variables) in groups {
        for (at, variable) in variables.iter().enumerate() {
            out.space(indent);
            out.put(TextStyle::Dim, if at == 0 { name } else { "" });
            out.pad_to(label);
            out.put(TextStyle::Name, &variable.name);
            let type_name = short(variable);
            if !type_name.is_empty() {
                out.put(TextStyle::Dim, ":");
                out.pad_to(at_type);
                out.space(usize::from(out.column() > at_type));
                out.put(TextStyle::Type, &type_name);
            }
            if let Some(value) = &variable.value {
                out.pad_to(at_value);
                out.space(usize::from(out.column() > at_value));
                out.put(TextStyle::Dim, "=");
                out.space(1);
                let (style, value) = if variable.masked {
                    (TextStyle::Masked, value.clone())
                } else {
                    (TextStyle::Plain, limits.cut(value))
                };
                wrap(out, style, &value, columns);
            }
            if let Some(remark) = remark(variable) {
                out.space(2);
                out.put(TextStyle::Dim, "# ");
                out.put(TextStyle::Dim, &remark);
            }
            out.end_line();
        }
    }
}

fn short(variable: &Variable) -> String {
    short_type(&variable.type_name, None)
}

fn remark(variable: &Variable) -> Option<String> {
    let mut parts = Vec::new();
    if variable.masked {
        parts.push(match &variable.masked_by {
            Some(rule) => format!("masked: {rule}"),
            None => "masked".to_owned(),
        });
    } else if variable.value.is_some() && variable.taken == CaptureTime::Bound {
        parts.push("when bound".to_owned());
    }
    match &variable.note {
        Some(note) if !note.is_empty() => parts.push(note.clone()),
        None if variable.value.is_none() && !variable.masked => parts.push("not kept".to_owned()),
        _ => {}
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// Continues a long value underneath its start, breaking behind a space or comma where one is near.
fn wrap(out: &mut TracebackWriter, style: TextStyle, value: &str, columns: usize) {
    let start = if out.column() <= columns * 3 / 5 { out.column() } else { 8 };
    let mut rest = value;
    for line in 1..=MAX_LINES {
        let room = columns.saturating_sub(out.column()).max(16);
        let mut end = fitting(rest, room);
        if end == rest.len() || line == MAX_LINES {
            out.put(style, rest[..end].trim_end_matches(' '));
            out.put(TextStyle::Dim, if end < rest.len() { "…" } else { "" });
            return;
        }
        if let Some(space) = rest[..end].rfind(' ').filter(|space| *space > end / 2) {
            end = space + 1;
        }
        out.put(style, rest[..end].trim_end_matches(' '));
        out.end_line();
        out.space(start);
        rest = &rest[end..];
    }
}
