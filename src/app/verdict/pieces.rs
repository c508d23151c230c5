//! What a verdict is made of: pieces of a sentence, each with what it speaks of.

/// A sentence and the line below it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// The sentence.
    pub head: Vec<Piece>,
    /// Why, or what follows from it.
    pub sub: Vec<Piece>,
}

/// A run of letters with the same meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The letters.
    pub text: String,
    /// What they speak of.
    pub tone: Tone,
}

/// What a piece of a sentence speaks of, which decides its colour and weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Nothing in particular.
    Plain,
    /// Emphasis without a meaning of its own.
    Strong,
    /// Records that come in.
    Flow,
    /// Records that are lost.
    Lost,
    /// Records that are done.
    Done,
    /// Records that wait.
    Wait,
}

impl Verdict {
    /// The head as plain text.
    pub fn head_text(&self) -> String {
        plain(&self.head)
    }

    /// The line below as plain text.
    pub fn sub_text(&self) -> String {
        plain(&self.sub)
    }

    /// Both, for a screen reader.
    pub fn spoken(&self) -> String {
        format!("{} {}", self.head_text(), self.sub_text())
    }
}

fn plain(pieces: &[Piece]) -> String {
    pieces.iter().map(|piece| piece.text.as_str()).collect()
}

/// Pieces of a sentence from text in which `{flow:…}`, `{lost:…}`, `{done:…}`, `{wait:…}` and `{strong:…}` mark
/// what has a meaning.
pub fn pieces(marked: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut push = |text: &str, tone| {
        if !text.is_empty() {
            pieces.push(Piece { text: text.to_owned(), tone });
        }
    };
    let mut rest = marked;
    while let Some((before, after)) = rest.split_once('{') {
        push(before, Tone::Plain);
        let (inside, behind) = after.split_once('}').unwrap_or((after, ""));
        let (name, text) = inside.split_once(':').unwrap_or(("", inside));
        push(
            text,
            match name {
                "flow" => Tone::Flow,
                "lost" => Tone::Lost,
                "done" => Tone::Done,
                "wait" => Tone::Wait,
                _ => Tone::Strong,
            },
        );
        rest = behind;
    }
    push(rest, Tone::Plain);
    pieces
}
