//! The query of an analytics application as SQL: what Flink takes of it for windows, turned into the same plan as the
//! fields give.

use super::super::filter::{NUMERIC_SCALE, millionths};
use super::super::query::{self, Comparison, Function, Having, Is, KEY, Measure, Operand, Path, Query, Top, With};
use crate::limits;
use crate::units::Span;
use sqlparser::ast::{
    self, BinaryOperator, DateTimeField, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, GroupByExpr, Ident,
    LimitClause, OrderByKind, OrderBySort, Select, SelectItem, SetExpr, Spanned, Statement, TableFactor, UnaryOperator,
    Value,
};
use sqlparser::dialect::AnsiDialect;
use sqlparser::parser::{Parser, ParserError};

/// What a query may look like.
const FORM: &str = "SELECT ticker, COUNT(*) FROM stream GROUP BY ticker, TUMBLE(ts, INTERVAL '10' SECOND)";

/// What a text says, or what is wrong with it and where.
pub(in crate::scenario) fn query(text: &str) -> Result<Query, String> {
    let statements = Parser::parse_sql(&AnsiDialect {}, text).map_err(|error| match error {
        ParserError::TokenizerError(what) | ParserError::ParserError(what) => {
            format!(
                "this is no SQL: {}; correct it there",
                what.replace(" at Line: ", ", in line ").replace(", Column: ", ", column ")
            )
        }
        ParserError::RecursionLimitExceeded => "is nested too deep; write it flatter".to_owned(),
    })?;
    let [Statement::Query(query)] = &statements[..] else {
        return Err(format!("takes one SELECT, such as {FORM}"));
    };
    let ast::Query { with, body, order_by, limit_clause, fetch, locks, .. } = &**query;
    if with.is_some() || fetch.is_some() || !locks.is_empty() {
        return refused(&**query, "WITH, FETCH and FOR are not taken; write one SELECT");
    }
    let SetExpr::Select(select) = &**body else {
        return refused(&**query, "UNION, VALUES and nested queries are not taken; write one SELECT");
    };
    let mut plan = Plan::of(select)?;
    if let Some(having) = &select.having {
        plan.having(having)?;
    }
    let top = plan.top(order_by.as_ref(), limit_clause.as_ref())?;
    let Plan { size, slide, group, measures, filter, having, .. } = plan;
    if measures.is_empty() {
        return refused(&**select, "nothing is computed; write COUNT(*), or SUM, AVG, MIN or MAX of a field");
    }
    let most = limits::ANALYTICS_MEASURES_MAX;
    if measures.len() as u64 > most {
        return Err(format!("has {} measures; at most {most} are allowed", measures.len()));
    }
    let most = limits::ANALYTICS_COMPARISONS_MAX;
    if filter.len().max(having.len()) as u64 > most {
        return Err(format!("has more than {most} comparisons in WHERE or HAVING; write fewer"));
    }
    Ok(Query { size, slide, group, measures, filter, having, top })
}

/// A sentence with the place that it is about.
fn refused<T>(what: &impl Spanned, says: &str) -> Result<T, String> {
    let start = what.span().start;
    Err(match start.line {
        0 => says.to_owned(),
        line => format!("{says} (line {line}, column {})", start.column),
    })
}

/// A query that is being read.
struct Plan {
    size: Span,
    slide: Span,
    group: Option<Operand>,
    measures: Vec<Measure>,
    /// What measures are called: the name, and the place of the measure.
    names: Vec<(String, u32)>,
    filter: Vec<Comparison>,
    having: Vec<Having>,
    /// What the table is called, to be left out before a name.
    tables: Vec<String>,
}

impl Plan {
    fn of(select: &Select) -> Result<Self, String> {
        let Select { distinct, top, into, selection, group_by, cluster_by, distribute_by, sort_by, qualify, .. } =
            select;
        let odd = distinct.is_some() || top.is_some() || into.is_some() || qualify.is_some();
        if odd || !(cluster_by.is_empty() && distribute_by.is_empty() && sort_by.is_empty()) {
            return refused(select, "DISTINCT, TOP, INTO, QUALIFY, CLUSTER, DISTRIBUTE and SORT BY are not taken");
        }
        let mut plan = Self {
            size: Span::ZERO,
            slide: Span::ZERO,
            group: None,
            measures: Vec::new(),
            names: Vec::new(),
            filter: Vec::new(),
            having: Vec::new(),
            tables: tables(select)?,
        };
        let GroupByExpr::Expressions(groups, modifiers) = group_by else {
            return refused(select, "GROUP BY ALL is not taken; name the window and one field");
        };
        if !modifiers.is_empty() {
            return refused(select, "ROLLUP, CUBE and TOTALS are not taken");
        }
        for group in groups {
            plan.group_by(group)?;
        }
        if plan.size == Span::ZERO {
            let says = "there is no window; write GROUP BY TUMBLE(ts, INTERVAL '10' SECOND), or HOP with a slide before \
                        the length";
            return refused(select, says);
        }
        for item in &select.projection {
            plan.item(item)?;
        }
        if let Some(selection) = selection {
            plan.condition(selection)?;
        }
        Ok(plan)
    }

    fn group_by(&mut self, group: &Expr) -> Result<(), String> {
        if let Expr::Function(function) = group {
            let (slide, size) = window(function)?;
            if self.size != Span::ZERO {
                return refused(group, "a query has one window");
            }
            (self.slide, self.size) = (slide, size);
            return Ok(());
        }
        if self.group.is_some() {
            return refused(group, "groups are made by one field beside the window; remove this one");
        }
        self.group = Some(self.operand(group)?);
        Ok(())
    }

    /// One thing after SELECT: what makes the groups, a measure, or an end of the window.
    fn item(&mut self, item: &SelectItem) -> Result<(), String> {
        let (expr, alias) = match item {
            SelectItem::UnnamedExpr(expr) => (expr, None),
            SelectItem::ExprWithAlias { expr, alias } => (expr, Some(alias)),
            _ => return refused(item, "* is not taken; name the group and the measures"),
        };
        if let Expr::Function(function) = expr {
            let name = function.name.to_string().to_ascii_uppercase();
            if ["TUMBLE_START", "TUMBLE_END", "HOP_START", "HOP_END", "SLIDE_START", "SLIDE_END"].contains(&&*name) {
                return Ok(());
            }
            let place = self.measure(function)?;
            if let Some(alias) = alias {
                self.names.push((alias.value.clone(), place));
            }
            return Ok(());
        }
        let operand = self.operand(expr)?;
        if self.group.as_ref() != Some(&operand) {
            return refused(expr, "is neither what the groups are made by nor a measure; add it to GROUP BY");
        }
        Ok(())
    }

    /// The place of a measure among those of the query; it is added where it is new.
    fn measure(&mut self, function: &ast::Function) -> Result<u32, String> {
        let name = function.name.to_string();
        let Some(of) = Function::of(&name) else {
            return refused(function, &format!("{name} is not taken; choose one of COUNT, SUM, AVG, MIN, MAX"));
        };
        if function.over.is_some() || function.filter.is_some() || !function.within_group.is_empty() {
            return refused(function, "OVER, FILTER and WITHIN GROUP are not taken");
        }
        let FunctionArguments::List(list) = &function.args else {
            return refused(function, &format!("{name} takes a field"));
        };
        if list.duplicate_treatment.is_some() || !list.clauses.is_empty() {
            return refused(function, "DISTINCT is not taken");
        }
        let path = match &list.args[..] {
            [FunctionArg::Unnamed(FunctionArgExpr::Wildcard)] if of == Function::Count => Path::new(),
            [FunctionArg::Unnamed(FunctionArgExpr::Expr(expr))] => match self.operand(expr)? {
                Operand::Field(path) => path,
                // Each record has one.
                Operand::Key if of == Function::Count => Path::new(),
                Operand::Key => return refused(expr, "a partition key is no number"),
            },
            _ => return refused(function, &format!("{name} takes one field, and COUNT also *")),
        };
        let measure = Measure { function: of, of: path };
        let place = self.measures.iter().position(|known| *known == measure).unwrap_or_else(|| {
            self.measures.push(measure);
            self.measures.len() - 1
        });
        Ok(place as u32)
    }

    /// A field of the payload, or the partition key.
    fn operand(&self, expr: &Expr) -> Result<Operand, String> {
        let names: &[Ident] = match expr {
            Expr::Identifier(ident) => std::slice::from_ref(ident),
            Expr::CompoundIdentifier(idents) => idents,
            Expr::Nested(inner) => return self.operand(inner),
            other => return refused(other, "only names of fields are taken here"),
        };
        let names = match names {
            [table, rest @ ..] if !rest.is_empty() && self.tables.contains(&table.value) => rest,
            names => names,
        };
        // A point stands between names, in quotation marks too: so do the fields have it.
        let path: Path = names.iter().flat_map(|name| query::path(&name.value)).collect();
        Ok(if path.len() == 1 && &*path[0] == KEY { Operand::Key } else { Operand::Field(path) })
    }

    /// Conditions on records, one after AND after the other.
    fn condition(&mut self, expr: &Expr) -> Result<(), String> {
        for (left, is, right) in compared(expr)? {
            let of = self.operand(left)?;
            let with = match literal(right)? {
                Literal::Number(number) => With::Number(number),
                Literal::Text(text) => With::Text(text.into()),
            };
            query::key_is_text(&of, &with).or_else(|says| refused(right, &says))?;
            self.filter.push(Comparison { of, is, with });
        }
        Ok(())
    }

    /// Conditions on groups.
    fn having(&mut self, expr: &Expr) -> Result<(), String> {
        for (left, is, right) in compared(expr)? {
            let measure = self.measured(left)?;
            let Literal::Number(with) = literal(right)? else {
                return refused(right, "a measure is compared with a number");
            };
            self.having.push(Having { measure, is, with });
        }
        Ok(())
    }

    /// The place of a measure that is written again, or named.
    fn measured(&mut self, expr: &Expr) -> Result<u32, String> {
        match expr {
            Expr::Function(function) => self.measure(function),
            Expr::Nested(inner) => self.measured(inner),
            Expr::Identifier(ident) => {
                let found = self.names.iter().find(|(name, _)| *name == ident.value);
                found.map(|(_, place)| Ok(*place)).unwrap_or_else(|| refused(expr, "names no measure"))
            }
            other => refused(other, "only measures are taken here"),
        }
    }

    /// The order and the limit of each window.
    fn top(&mut self, order: Option<&ast::OrderBy>, limit: Option<&LimitClause>) -> Result<Option<Top>, String> {
        let Some(order) = order else {
            return match limit {
                Some(limit) => refused(limit, "LIMIT needs an ORDER BY: otherwise the rows are any"),
                None => Ok(None),
            };
        };
        let OrderByKind::Expressions(by) = &order.kind else {
            return refused(order, "ORDER BY ALL is not taken; name a measure");
        };
        let [by] = &by[..] else {
            return refused(order, "one measure is ordered by; ties go by the name of the group");
        };
        let descending = match by.options.sort {
            None | Some(OrderBySort::Asc) => false,
            Some(OrderBySort::Desc) => true,
            Some(OrderBySort::Using(_)) => return refused(by, "USING is not taken; write ASC or DESC"),
        };
        let measure = self.measured(&by.expr)?;
        let Some(LimitClause::LimitOffset { limit: Some(limit), offset: None, limit_by }) = limit else {
            return refused(order, "an order needs LIMIT, without an offset: it chooses the first rows of each window");
        };
        let most = limits::ANALYTICS_TOP_MAX;
        let rows = match literal(limit)? {
            Literal::Number(rows) if rows % NUMERIC_SCALE == 0 => u64::try_from(rows / NUMERIC_SCALE).ok(),
            _ => None,
        };
        let rows = rows.filter(|rows| (1..=most).contains(rows) && limit_by.is_empty());
        let Some(rows) = rows else { return refused(limit, &format!("LIMIT takes a number from 1 to {most}")) };
        Ok(Some(Top { measure, descending, rows: rows as u32 }))
    }
}

/// What the one table of a query is called.
fn tables(select: &Select) -> Result<Vec<String>, String> {
    let [from] = &select.from[..] else { return refused(select, "a query has one table: the stream") };
    if !from.joins.is_empty() {
        return refused(select, "joins are not taken; a query has one table: the stream");
    }
    let TableFactor::Table { name, alias, args: None, .. } = &from.relation else {
        return refused(select, "a query has one table, the stream; write FROM stream, and the window after GROUP BY");
    };
    let alias = alias.iter().map(|alias| alias.name.value.clone());
    Ok(name
        .0
        .last()
        .and_then(|part| part.as_ident())
        .map(|ident| ident.value.clone())
        .into_iter()
        .chain(alias)
        .collect())
}

/// Slide and length of a window.
fn window(function: &ast::Function) -> Result<(Span, Span), String> {
    let name = function.name.to_string().to_ascii_uppercase();
    let FunctionArguments::List(list) = &function.args else { return refused(function, "a window takes arguments") };
    let spans = list.args.iter().skip(1).map(|arg| match arg {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => interval(expr),
        _ => refused(function, "a window takes intervals such as INTERVAL '10' SECOND"),
    });
    let spans = spans.collect::<Result<Vec<Span>, String>>()?;
    let (slide, size) = match (&*name, &spans[..]) {
        ("TUMBLE", [size]) => (*size, *size),
        // As Flink has it: the slide, then the length.
        ("HOP" | "SLIDE", [slide, size]) => (*slide, *size),
        ("TUMBLE", _) => {
            return refused(function, "TUMBLE takes a time and a length: TUMBLE(ts, INTERVAL '10' SECOND)");
        }
        ("HOP" | "SLIDE", _) => {
            let says = "HOP takes a time, a slide and a length: HOP(ts, INTERVAL '5' SECOND, INTERVAL '10' SECOND)";
            return refused(function, says);
        }
        _ => return refused(function, &format!("{name} is no window; choose TUMBLE or HOP")),
    };
    let (least, most) = (100_000, limits::ANALYTICS_WINDOW_MAX.micros());
    if !(least..=most).contains(&size.micros()) || slide.micros() < least {
        return refused(function, "a window is 100 ms to 24 h long");
    }
    match query::overlap(size, slide) {
        Some(says) => refused(function, &says),
        None => Ok((slide, size)),
    }
}

fn interval(expr: &Expr) -> Result<Span, String> {
    const SAYS: &str = "takes an interval such as INTERVAL '10' SECOND";
    let Expr::Interval(interval) = expr else { return refused(expr, SAYS) };
    let unit = match interval.leading_field {
        Some(DateTimeField::Second | DateTimeField::Seconds) => 1,
        Some(DateTimeField::Minute | DateTimeField::Minutes) => 60,
        Some(DateTimeField::Hour | DateTimeField::Hours) => 3_600,
        Some(DateTimeField::Day | DateTimeField::Days) => 86_400,
        _ => return refused(expr, "an interval is in SECOND, MINUTE, HOUR or DAY"),
    };
    if interval.last_field.is_some() {
        return refused(expr, SAYS);
    }
    let number = match literal(&interval.value)? {
        Literal::Text(text) => millionths(text.trim()),
        Literal::Number(number) => Some(number),
    };
    let micros = number.and_then(|number| u64::try_from(number).ok()?.checked_mul(unit)).filter(|micros| *micros > 0);
    micros.map_or_else(|| refused(expr, SAYS), |micros| Ok(Span::from_micros(micros)))
}

/// A value as it is written.
enum Literal {
    /// In millionths.
    Number(i64),
    Text(String),
}

fn literal(expr: &Expr) -> Result<Literal, String> {
    let number = |text: &str| match millionths(text) {
        Some(number) => Ok(number),
        None => refused(expr, "this number is too large"),
    };
    match expr {
        Expr::Nested(inner) => literal(inner),
        Expr::UnaryOp { op: UnaryOperator::Minus, expr: inner } => match literal(inner)? {
            Literal::Number(number) => Ok(Literal::Number(-number)),
            Literal::Text(_) => refused(expr, "a text has no sign"),
        },
        Expr::Value(of) => match &of.value {
            Value::Number(text, _) => Ok(Literal::Number(number(text)?)),
            Value::SingleQuotedString(text) => Ok(Literal::Text(text.clone())),
            _ => refused(expr, "is compared with numbers and texts in single quotation marks only"),
        },
        other => refused(other, "only a number or a text is taken here; compute nothing"),
    }
}

/// The comparisons of a condition: what stands on the left, how, and the value on the right.
fn compared(expr: &Expr) -> Result<Vec<(&Expr, Is, &Expr)>, String> {
    match expr {
        Expr::Nested(inner) => compared(inner),
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
            let mut all = compared(left)?;
            all.extend(compared(right)?);
            Ok(all)
        }
        Expr::BinaryOp { op: BinaryOperator::Or, .. } => {
            refused(expr, "OR is not taken; write one query for each case, or another condition")
        }
        Expr::BinaryOp { left, op, right } => {
            let is = match op {
                BinaryOperator::Eq => Is::Equal,
                BinaryOperator::NotEq => Is::Unequal,
                BinaryOperator::Lt => Is::Less,
                BinaryOperator::LtEq => Is::AtMost,
                BinaryOperator::Gt => Is::More,
                BinaryOperator::GtEq => Is::AtLeast,
                _ => return refused(expr, "compares by =, <>, <, <=, > and >= only"),
            };
            let turned = match is {
                Is::Less => Is::More,
                Is::AtMost => Is::AtLeast,
                Is::More => Is::Less,
                Is::AtLeast => Is::AtMost,
                same => same,
            };
            let is_value = |of: &Expr| matches!(of, Expr::Value(_) | Expr::UnaryOp { .. });
            Ok(if is_value(left) { vec![(&**right, turned, &**left)] } else { vec![(&**left, is, &**right)] })
        }
        Expr::Between { expr, negated: false, low, high } => {
            Ok(vec![(&**expr, Is::AtLeast, &**low), (&**expr, Is::AtMost, &**high)])
        }
        other => refused(other, "takes comparisons such as price > 5, and AND between them"),
    }
}
