//! A scenario document as somebody typed it: any JSON, read and changed by path, checked when asked.

use super::fields::{self, Child};
use super::{Problem, Scenario, document, printer, walk};
use serde_json::{Map, Value};

/// A scenario as typed: it may be incomplete or wrong. [`Draft::check`] turns it into a [`Scenario`].
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    value: Value,
}

impl Draft {
    /// Reads JSON. The only problem it knows is that the text is no JSON, with line and column.
    pub fn parse(text: &str) -> Result<Self, Vec<Problem>> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        serde_json::from_str(text).map(Self::from_value).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            let what = error.to_string();
            let what = what.split(" at line ").next().unwrap_or(&what);
            let message = format!("this is not JSON: {what}, in line {line}, column {column}; correct it there");
            vec![Problem::new("", message)]
        })
    }

    /// A draft of any JSON value.
    pub const fn from_value(value: Value) -> Self {
        Self { value }
    }

    /// The document as it stands.
    pub const fn value(&self) -> &Value {
        &self.value
    }

    /// What stands at a path; `None` where nothing is written. The empty path is the whole document.
    pub fn get(&self, path: &str) -> Option<&Value> {
        if path.is_empty() {
            return Some(&self.value);
        }
        path.split('.').try_fold(&self.value, |value, part| match value {
            Value::Object(map) => map.get(part),
            Value::Array(list) => list.get(part.parse::<usize>().ok()?),
            _ => None,
        })
    }

    /// What holds at a path: what is written there, else the field's default.
    pub fn get_or_default(&self, path: &str) -> Option<Value> {
        self.get(path).cloned().or_else(|| fields::field(path)?.default_value())
    }

    /// Writes a value, creating the objects and lists on the way that are missing. An index at the end of a list
    /// appends to it. Where the value selects a kind, fields that only other kinds have are removed.
    pub fn set(&mut self, path: &str, value: Value) {
        if path.is_empty() {
            self.value = value;
            return;
        }
        let selected = value.as_str().map(str::to_owned);
        let (group, name) = path.rsplit_once('.').unwrap_or(("", path));
        let mut here = &mut self.value;
        for part in group.split('.').filter(|part| !part.is_empty()) {
            here = step_into(here, part);
        }
        *step_into(here, name) = value;
        if let (Some(selected), Value::Object(map)) = (selected, here)
            && fields::selector(group).is_some_and(|child| child.name == name)
        {
            drop_other_kinds(map, &fields::children(group), &selected);
        }
    }

    /// Takes a part of the document out of it.
    pub(super) fn take(&mut self, part: &str) -> Option<Value> {
        self.value.as_object_mut()?.remove(part)
    }

    /// Removes what stands at a path, so that the default holds again; an item of a list closes the gap.
    pub fn remove(&mut self, path: &str) {
        let (group, name) = path.rsplit_once('.').unwrap_or(("", path));
        let parts = group.split('.').filter(|part| !part.is_empty());
        let group = parts.into_iter().try_fold(&mut self.value, |value, part| match value {
            Value::Object(map) => map.get_mut(part),
            Value::Array(list) => list.get_mut(part.parse::<usize>().ok()?),
            _ => None,
        });
        match group {
            Some(Value::Object(map)) => {
                map.remove(name);
            }
            Some(Value::Array(list)) => {
                if let Some(index) = name.parse().ok().filter(|index| *index < list.len()) {
                    list.remove(index);
                }
            }
            _ => {}
        }
    }

    /// The document as text: indented, short lists and objects on one line, the same for the same document.
    pub fn to_json(&self) -> String {
        printer::print(&self.value)
    }

    /// The scenario, or everything that is wrong with the draft, in order of its fields.
    pub fn check(&self) -> Result<Scenario, Vec<Problem>> {
        let problems = walk::problems(&self.value);
        document::build(self, problems)
    }
}

/// The place called `part` in `value`, made if it is missing.
fn step_into<'a>(value: &'a mut Value, part: &str) -> &'a mut Value {
    // An index beyond the end means the next free place: a list never gets holes.
    if let Ok(index) = part.parse::<usize>()
        && !value.is_object()
    {
        if !value.is_array() {
            *value = Value::Array(Vec::new());
        }
        let list = value.as_array_mut().expect("made an array just above");
        let index = index.min(list.len());
        if index == list.len() {
            list.push(Value::Null);
        }
        return &mut list[index];
    }
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    let map = value.as_object_mut().expect("made an object just above");
    map.entry(part).or_insert(Value::Null)
}

/// Removes the known fields that do not exist with this kind; unknown ones stay, to be reported.
fn drop_other_kinds(map: &mut Map<String, Value>, children: &[Child], selected: &str) {
    for child in children.iter().filter(|child| !child.exists_with(selected)) {
        map.remove(child.name);
    }
}
