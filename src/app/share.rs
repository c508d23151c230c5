//! Links and a person's own work: what the dialogue of the link says, what an opened link does to the page, and how
//! what somebody has made stays theirs.
//!
//! Two documents may be kept in the browser: the one that is being changed, and the one before it. Whatever replaces a
//! changed document, a link above all, leaves it kept, with a button that brings it back.

use super::action::{Effect, LinkAction};
use super::model::{Message, Model};
use super::start::Start;
use crate::scenario::{Code, Draft, Problem};
use serde_json::Value;

/// What the dialogue of the link shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// The link, once it is there.
    pub link: String,
    /// How long it is, what it carries; or why there is none.
    pub lines: Vec<String>,
    /// A file would be better.
    pub long: bool,
    /// The QR code as the data of an SVG path, and the modules of a side; empty where there is none.
    pub qr: (String, u64),
    /// Whether the link is in the clipboard; `None` before anybody asked.
    pub copied: Option<bool>,
}

/// A document of somebody, and whether it has code that came from somebody else.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Work {
    draft: Draft,
    foreign_code: bool,
}

/// What this file adds to the page's state.
#[derive(Debug, Default)]
pub(super) struct Sharing {
    /// The open dialogue.
    share: Option<Share>,
    /// A line above the verdict, and what its button says where there is something to go back to.
    notice: Option<(String, &'static str)>,
    /// The document that gave way to what is shown.
    kept: Option<Work>,
    /// Whether the document came from a link, and whether there is code in it that did.
    from_link: bool,
    foreign_code: bool,
    /// Whether this person has asked to run that code.
    allowed: bool,
    /// What a short link changes in its preset, and what of it was left out, until the preset is there.
    overrides: Option<Overrides>,
    /// The state of the document that was saved last, and whether saving is due.
    saved: u32,
    save_due: bool,
    told_unsaved: bool,
}

/// Paths with what is to stand there, and what of a link was left out.
type Overrides = (Vec<(String, Value)>, Vec<String>);

const BACK: &str = "Back to my scenario";

impl Work {
    fn read(text: &str) -> Option<Self> {
        let mut value: Value = serde_json::from_str(text).ok()?;
        let draft = Draft::from_value(value["document"].take());
        draft.check().ok()?;
        Some(Self { draft, foreign_code: value["foreign_code"] == true })
    }

    fn text(&self) -> String {
        // By the printer that the page has anyway.
        format!("{{\"foreign_code\":{},\"document\":{}}}", self.foreign_code, self.draft.to_json())
    }
}

impl Model {
    /// The open dialogue of the link.
    pub const fn share(&self) -> Option<&Share> {
        self.sharing.share.as_ref()
    }

    /// A line above the verdict, with what its button says; without a button where there is nothing to go back to.
    pub fn notice(&self) -> Option<(&str, Option<&'static str>)> {
        let (text, button) = self.sharing.notice.as_ref()?;
        Some((text, self.sharing.kept.as_ref().map(|_| *button)))
    }

    /// Whether the document came from a link.
    pub const fn is_from_link(&self) -> bool {
        self.sharing.from_link
    }

    /// Whether the document carries code that came from a link, also after somebody has changed something else in it.
    pub const fn has_foreign_code(&self) -> bool {
        self.sharing.foreign_code
    }

    /// Whether there is code that came from a link and that this person has not asked to run. Says so, if there is.
    pub(super) fn holds_back_code(&mut self) -> bool {
        let holds = self.sharing.foreign_code && !self.sharing.allowed && !Code::all(&self.scenario).is_empty();
        if holds {
            self.tell(
                "This scenario carries code that came by a link.",
                "Read it in the handler view. It runs when you press Run, and can reach neither the network nor your \
                 files nor what this site keeps.",
            );
        }
        holds
    }

    /// Somebody has pressed Run: what is shown may run.
    pub(super) fn allow_code(&mut self) {
        self.sharing.allowed = true;
    }

    /// What was kept comes back, and a link in the address is read.
    pub(super) fn begin(&mut self, start: &Start) -> Vec<Effect> {
        let mut effects = Vec::new();
        let [work, earlier] = [&start.work, &start.earlier].map(|text| Work::read(text));
        match work {
            Some(work) if start.preset.is_empty() => {
                self.sharing.kept = earlier;
                effects.extend(self.show_own(work));
                let text = format!("Your scenario of {} is back.", start.work_at);
                self.sharing.notice = Some((text, "Back to the one before it"));
            }
            work => self.sharing.kept = work.or(earlier),
        }
        if let Some(link) = &start.link {
            effects.push(Effect::ReadLink(link.clone()));
        }
        effects
    }

    pub(super) fn link(&mut self, action: LinkAction) -> Vec<Effect> {
        match action {
            LinkAction::Share => return self.share_link(),
            LinkAction::Made(answer) => self.take_made(answer.as_deref()),
            LinkAction::Copy => {
                return self.share().map(|share| Effect::Copy(share.link.clone())).into_iter().collect();
            }
            LinkAction::Copied(copied) => {
                if let Some(share) = &mut self.sharing.share {
                    share.copied = Some(copied);
                }
            }
            LinkAction::Close => self.sharing.share = None,
            LinkAction::Open(link) => return vec![Effect::ReadLink(link)],
            LinkAction::Opened(answer) => return self.take_opened(answer.as_deref()),
            LinkAction::BackToMine => return self.back_to_mine(),
            LinkAction::DismissNotice => self.sharing.notice = None,
            LinkAction::KeepWork => return self.keep_work(),
            LinkAction::WorkUnsaved => self.tell_unsaved(),
        }
        Vec::new()
    }

    /// The dialogue opens, and the link is made.
    fn share_link(&mut self) -> Vec<Effect> {
        let mut share = Share::default();
        if !self.problems.is_empty() {
            share.lines.push("A link needs a scenario without problems. These are left:".to_owned());
            share.lines.extend(self.problems.iter().map(|problem| self.problem_text(problem)));
            self.sharing.share = Some(share);
            return Vec::new();
        }
        self.sharing.share = Some(share);
        vec![Effect::MakeLink(match &self.preset {
            Some(id) => format!("#s={id}"),
            None => self.draft.to_json(),
        })]
    }

    /// The link is there, or could not be made.
    fn take_made(&mut self, answer: Option<&str>) {
        let Some(share) = &mut self.sharing.share else { return };
        let answer: Value = answer.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
        share.link = text("link");
        share.lines = ["size", "carries", "error", "advice"].map(text).into();
        share.lines.retain(|line| !line.is_empty());
        if share.lines.is_empty() {
            share.lines.push("The link could not be made. Reload the page and try again.".to_owned());
        }
        share.long = answer["long"] == true || share.link.is_empty();
        share.qr = (text("qr"), answer["side"].as_u64().unwrap_or(0));
    }

    /// What a link opens is there, or could not be had. It is shown and never run.
    fn take_opened(&mut self, answer: Option<&str>) -> Vec<Effect> {
        let Some(mut answer) = answer.and_then(|text| serde_json::from_str::<Value>(text).ok()) else {
            self.tell("The link could not be read.", "Reload the page to try again.");
            return self.pause();
        };
        if let Some(error) = answer["error"].as_str() {
            self.tell(error, answer["advice"].as_str().unwrap_or_default());
            return self.pause();
        }
        if let Some(id) = answer["preset"].as_str().map(str::to_owned) {
            // By hand: what serde derives for it would weigh more than all the rest of this.
            let list = |name: &str| answer[name].as_array().cloned().unwrap_or_default();
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let set = list("set").iter().map(|pair| (text(&pair[0]), pair[1].clone())).collect();
            self.sharing.overrides = Some((set, list("ignored").iter().map(text).collect()));
            return self.choose_preset(&id);
        }
        let draft = Draft::from_value(answer["document"].take());
        if draft == self.draft {
            return Vec::new();
        }
        if let Err(problems) = draft.check() {
            let head = "The scenario in this link cannot be opened.";
            self.tell_problems(head, "Nothing was changed here. Ask for it as a file.", &problems);
            return self.pause();
        }
        let effects = self.load(draft, None);
        let code = answer["code"].as_str();
        (self.sharing.from_link, self.sharing.foreign_code) = (true, code.is_some());
        let text = code.map_or_else(
            || "This scenario came by link.".to_owned(),
            |code| {
                format!(
                    "This scenario came by link, with {code}. The code runs when you press Run; it can reach neither \
                     the network nor your files."
                )
            },
        );
        self.sharing.notice = Some((text, BACK));
        effects
    }

    /// A preset was chosen by hand: what a link wanted of one is of no use any more.
    pub(super) fn forget_link(&mut self) {
        self.sharing.overrides = None;
    }

    /// Opens a preset's document, changed as a short link asks.
    pub(super) fn load_with_overrides(&mut self, draft: Draft, id: &str) -> Vec<Effect> {
        let Some((set, mut ignored)) = self.sharing.overrides.take() else {
            return self.load(draft, Some(id.to_owned()));
        };
        let mut changed = draft.clone();
        for (path, value) in &set {
            changed.set(path, value.clone());
        }
        let fits = changed.check();
        let unchanged = set.is_empty() || fits.is_err();
        let effects = self.load(if unchanged { draft } else { changed }, unchanged.then(|| id.to_owned()));
        self.sharing.from_link = true;
        self.sharing.foreign_code = !unchanged && !Code::all(&self.scenario).is_empty();
        if self.sharing.kept.is_some() || !unchanged {
            self.sharing.notice = Some(("This scenario came by link.".to_owned(), BACK));
        }
        ignored.extend(fits.err().into_iter().flatten().map(|problem| self.problem_text(&problem)));
        if !ignored.is_empty() {
            let head = "Not all that this link changes could be changed.".to_owned();
            let sub = "The preset is shown without it.".to_owned();
            self.message = Some(Message { head, sub, points: ignored });
        }
        effects
    }

    /// Another document takes the place of this one: what somebody has made is kept.
    pub(super) fn give_way(&mut self) -> Vec<Effect> {
        let effects = if self.edited && self.problems.is_empty() {
            let saved = self.keep_work();
            self.sharing.kept = Some(Work { draft: self.draft.clone(), foreign_code: self.sharing.foreign_code });
            self.sharing.notice = Some(("Your scenario is kept.".to_owned(), BACK));
            saved
        } else {
            // What was said about the document that goes says nothing about the one that comes.
            self.sharing.notice = self.sharing.notice.take().filter(|_| self.sharing.kept.is_some());
            Vec::new()
        };
        (self.sharing.from_link, self.sharing.foreign_code, self.sharing.allowed) = (false, false, false);
        effects
    }

    /// Shows a document of somebody's own.
    fn show_own(&mut self, work: Work) -> Vec<Effect> {
        let effects = self.load(work.draft, None);
        self.edited = true;
        (self.sharing.foreign_code, self.sharing.allowed) = (work.foreign_code, false);
        self.sharing.saved = self.revision;
        effects
    }

    /// Back to what gave way, which changes places with what is shown if that is somebody's own as well.
    fn back_to_mine(&mut self) -> Vec<Effect> {
        let Some(work) = self.sharing.kept.take() else { return Vec::new() };
        let mut effects = self.show_own(work);
        self.sharing.notice = self.sharing.kept.as_ref().map(|_| ("This is your scenario again.".to_owned(), BACK));
        effects.push(self.save_effect());
        effects
    }

    /// After each action: what was changed is to be saved soon.
    pub(super) fn mind_work(&mut self, effects: &mut Vec<Effect>) {
        if self.edited && self.revision != self.sharing.saved && !self.sharing.save_due {
            self.sharing.save_due = true;
            effects.push(Effect::SaveSoon);
        }
    }

    /// Saves what was changed, if it is a scenario: what has problems is saved when they are gone.
    fn keep_work(&mut self) -> Vec<Effect> {
        self.sharing.save_due = false;
        if !self.edited || self.revision == self.sharing.saved {
            return Vec::new();
        }
        self.sharing.saved = self.revision;
        if self.problems.is_empty() { vec![self.save_effect()] } else { Vec::new() }
    }

    fn save_effect(&self) -> Effect {
        let work = Work { draft: self.draft.clone(), foreign_code: self.sharing.foreign_code };
        Effect::SaveWork { work: work.text(), earlier: self.sharing.kept.as_ref().map(Work::text).unwrap_or_default() }
    }

    /// The browser did not save it; that is said once.
    fn tell_unsaved(&mut self) {
        if !std::mem::replace(&mut self.sharing.told_unsaved, true) {
            let text = "This browser does not keep your scenario for the next visit. Save it as a file.";
            self.sharing.notice = Some((text.to_owned(), BACK));
        }
    }

    /// A message with the first few of some problems.
    pub(super) fn tell_problems(&mut self, head: &str, sub: &str, problems: &[Problem]) {
        const SHOWN: usize = 4;
        let mut points: Vec<_> = problems.iter().take(SHOWN).map(|problem| self.problem_text(problem)).collect();
        if problems.len() > SHOWN {
            points.push(format!("And {} more.", super::words::int((problems.len() - SHOWN) as f64)));
        }
        self.message = Some(Message { head: head.to_owned(), sub: sub.to_owned(), points });
    }
}
