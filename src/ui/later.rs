//! What is drawn only when somebody asks for it. The build cuts the page's module in two: whatever is reached through
//! [`fetch`] only, code and data, goes into the second part, which the page fetches when something of it is to be shown.

use super::compare::{self, Form, Matrix};
use super::stage::Places;
use super::{account, delivery, link, model_page, results, table, video};
use streamgauge::app::form::Group;
use streamgauge::app::parts::{PARTS, Parts};
use streamgauge::app::picture::{self, Moment, Motion, Size};
use streamgauge::app::share::Share;
use streamgauge::app::{Action, Model};
use wasm_split_helpers::{SplitLoaderError, wasm_split};
use web_sys::Element;
use yew::{Callback, Html, NodeRef, html};

/// Draws the matrix of designs in its place: with motion or without, and all of it where that is due.
type DrawMatrix = fn(&mut Matrix, &NodeRef, &Model, Option<Motion>, bool, &dyn Fn(&Element) -> Size);

/// The fields of a design, with its title.
type DesignForm = fn(&Model) -> Option<(String, Vec<Group>)>;

/// The drawing of what opens over or beside the run.
pub struct Drawing {
    /// What the model does in these views.
    pub parts: &'static Parts,
    /// The state of the handler view, as its script takes it.
    pub handler: fn(&Model) -> String,
    /// The invocations under the slider.
    pub invocations: fn(&Model, Size) -> String,
    /// The logs of the shards, and the same in words.
    pub log: fn(&Moment<'_>, Size) -> String,
    /// The logs in words.
    pub log_text: fn(&Moment<'_>) -> String,
    /// The designs side by side, without what moves.
    pub compare: fn(&Model, &Places, &Form, &Callback<Action>) -> Html,
    /// What moves in them.
    pub matrix: DrawMatrix,
    /// The fields of the design that is being changed.
    pub design: DesignForm,
    /// What the run costs.
    pub bill: fn(&Model) -> Html,
    /// What explains it.
    pub findings: fn(&Model, &Callback<Action>) -> Html,
    /// What the delivery streams behind the stream did.
    pub deliveries: fn(&Model) -> Html,
    /// What the queries of analytics applications found.
    pub results: fn(&Model) -> Html,
    /// The same as a room sees it.
    pub results_in_room: fn(&Model) -> Html,
    /// The video streams in words and numbers.
    pub video: fn(&Model) -> Html,
    /// The same as a picture.
    pub video_picture: fn(&Model, Size, Option<Motion>) -> String,
    /// The run as a table.
    pub table: fn(&Model) -> Html,
    /// How everything is modelled.
    pub rules: fn(&Model) -> Html,
    /// What a handler can and cannot do.
    pub limits: fn(&Model) -> Html,
    /// A link with its QR code.
    pub link: fn(&Share, &Callback<Action>) -> Html,
}

static DRAWING: Drawing = Drawing {
    parts: &PARTS,
    handler: |model| model.handler_view().to_string(),
    invocations: |model, size| model.invocation_strip(size),
    log: picture::log,
    log_text: picture::log_text,
    compare: compare::view,
    matrix: Matrix::draw,
    design: Model::design_form,
    bill: account::bill,
    findings: account::findings,
    deliveries: delivery::content,
    results: results::content,
    results_in_room: results::in_room,
    video: video::content,
    video_picture: Model::video_picture,
    table: table::content,
    rules: model_page::rules,
    limits: model_page::limits,
    link: link::content,
};

/// The second part of the module. It is loaded once; where that failed, asking again tries again.
#[wasm_split(later, fallible)]
fn fetch() -> Result<&'static Drawing, SplitLoaderError> {
    Ok(&DRAWING)
}

/// Whether the second part is here.
#[derive(Clone, Copy)]
pub enum Later {
    /// Nobody needed it so far.
    Unasked,
    /// It is on its way.
    Coming,
    /// It did not come.
    Missing,
    /// It is here.
    Here(&'static Drawing),
}

impl Later {
    /// Whether it is to be fetched, when something of it is to be shown: for the first time, or again.
    pub const fn is_due(self, again: bool) -> bool {
        matches!(self, Self::Unasked) || (again && matches!(self, Self::Missing))
    }

    /// Fetches it.
    pub async fn come() -> Self {
        fetch().await.map_or(Self::Missing, Self::Here)
    }

    /// The drawing, where it is here.
    pub const fn drawing(self) -> Option<&'static Drawing> {
        match self {
            Self::Here(drawing) => Some(drawing),
            _ => None,
        }
    }

    /// The designs side by side.
    pub fn compare(self, model: &Model, places: &Places, form: &Form, act: &Callback<Action>) -> Html {
        match self {
            Self::Here(drawing) => (drawing.compare)(model, places, form, act),
            _ => html! { <main class="cmp">{ self.show(|_| Html::default()) }</main> },
        }
    }

    /// What `draw` makes, or what there is to say until it can.
    pub fn show(self, draw: impl FnOnce(&Drawing) -> Html) -> Html {
        let line = match self {
            Self::Here(drawing) => return draw(drawing),
            Self::Missing => "This could not be loaded. Close it and open it again.",
            Self::Unasked | Self::Coming => "Loading…",
        };
        html! { <p class="hint">{ line }</p> }
    }
}
