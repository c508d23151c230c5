//! The designs side by side: verdict, transport and slider as everywhere, then a matrix that is drawn outside the
//! virtual DOM; beside it the fields of the design that is being changed.

use super::changes::changes;
use super::scenario::{knob, write};
use super::stage::{self, Places};
use super::verdict;
use std::rc::Rc;
use streamgauge::app::compare::PLOTS;
use streamgauge::app::form::{Group, Knob};
use streamgauge::app::picture::{Motion, Size};
use streamgauge::app::{Action, Model};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};
use yew::{Callback, Html, MouseEvent, NodeRef, Properties, classes, component, html};

/// The fields of a design, with its title.
pub type Form = Rc<Option<(String, Vec<Group>)>>;

/// The view.
pub fn view(model: &Model, places: &Places, form: &Form, act: &Callback<Action>) -> Html {
    let pressed = {
        let act = act.clone();
        Callback::from(move |event: MouseEvent| {
            if let Some((what, place)) = asked(&event) {
                act.emit(Action::Compare { what, place });
            }
        })
    };
    let offer = |(what, words): (&'static str, &'static str)| {
        let add = act.reform(move |_: MouseEvent| Action::Compare { what: what.to_owned(), place: 0 });
        html! { <button class="btn" onclick={add}>{ words }</button> }
    };
    html! {
        <main class={classes!("cmp", form.is_some().then_some("sheet"))}>
            if form.is_some() { <DesignColumn form={Rc::clone(form)} act={act.clone()} /> }
            <section class="board" aria-label="The run">
                { verdict::view(model, act) }
                <div class="dock">
                    { stage::transport(model, places, act) }
                    { stage::slider(model, places, act) }
                </div>
                <div class="matrix" role="table" aria-label="Designs side by side" style={format!("--n:{}", model.designs().len())} ref={places.matrix.clone()} onclick={pressed}></div>
                <div class="tools hide-room">{ for model.compare_offers().into_iter().map(offer) }</div>
            </section>
        </main>
    }
}

/// What a press on a button of the matrix asks for.
fn asked(event: &MouseEvent) -> Option<(String, usize)> {
    let target: Element = event.target()?.dyn_into().ok()?;
    let asked = target.closest("[data-act]").ok()??.get_attribute("data-act")?;
    let (what, place) = asked.split_once(' ')?;
    Some((what.to_owned(), place.parse().ok()?))
}

#[derive(Clone, PartialEq, Properties)]
struct Props {
    form: Form,
    act: Callback<Action>,
}

/// The fields of one design. They are rendered again only when they change.
#[component]
fn DesignColumn(props: &Props) -> Html {
    let act = &props.act;
    let Some((title, groups)) = &*props.form else { return Html::default() };
    let place = 0;
    let done = act.reform(move |_: MouseEvent| Action::Compare { what: "done".to_owned(), place });
    let knobs = |knobs: &[Knob]| html! { <>{ for knobs.iter().map(|one| knob(one, act)) }</> };
    let step = |group: &Group| {
        html! {
            <div class="step">
                <h2>{ &group.title }</h2>
                { knobs(&group.knobs) }
                if let Some(of) = &group.changes { { changes(of, act) } }
                if !group.more.is_empty() {
                    <details class="more"><summary>{ &group.more_label }</summary>{ knobs(&group.more) }</details>
                }
                if let Some(owner) = group.handler { <div class="tools">{ write(owner, act) }</div> }
            </div>
        }
    };
    html! {
        <aside class="side l" aria-label="Design" onpointerenter={act.reform(|_| Action::AskHandbook)}
            onfocusin={act.reform(|_| Action::AskHandbook)}>
            <div class="form-head"><strong>{ title }</strong><button class="btn" onclick={done}>{ "Done" }</button></div>
            { for groups.iter().map(step) }
        </aside>
    }
}

/// The matrix as it was drawn last.
#[derive(Default)]
pub struct Matrix {
    root: Option<Element>,
    skeleton: String,
    spots: Vec<Spot>,
    numbers: Option<Element>,
    said: String,
    /// Seconds at the far end of every channel.
    age: f64,
    /// Whose turn it is: while a run plays one design is drawn in a frame, so that no frame takes long.
    turn: usize,
}

/// A place that is drawn into.
struct Spot {
    element: Element,
    what: What,
    size: Size,
}

#[derive(Clone, Copy, PartialEq)]
enum What {
    Flow(usize),
    Plot(usize, usize),
    Bar(usize),
}

impl Matrix {
    /// Draws what moves, and everything where that is due.
    pub fn draw(
        &mut self,
        place: &NodeRef,
        model: &Model,
        motion: Option<Motion>,
        due: bool,
        size_of: &dyn Fn(&Element) -> Size,
    ) {
        let Some(root) = place.cast::<Element>() else {
            *self = Self::default();
            return;
        };
        if due {
            self.prepare(&root, model);
            for spot in &mut self.spots {
                spot.size = size_of(&spot.element);
            }
        }
        let length = model.length().seconds_f64().max(1e-9);
        let at = model.cursor().seconds_f64() / length;
        // The value is well formed, so it is taken.
        let _ = root.unchecked_ref::<HtmlElement>().style().set_property("--at", &format!("{:.3}%", at * 100.0));
        let turn = model.is_playing().then_some(self.turn % model.designs().len());
        self.turn += 1;
        let in_turn = |design: usize| turn.is_none_or(|turn| turn == design);
        if due {
            let board = model.board();
            self.age = board.age();
            for Spot { element, what, size } in self.spots.iter().filter(|spot| spot.size.width >= 1.0) {
                match *what {
                    What::Plot(design, plot) if in_turn(design) => {
                        element.set_inner_html(&board.plot(design, plot, *size));
                    }
                    What::Bar(design) if in_turn(design) => element.set_inner_html(&board.bar(design, *size)),
                    _ => {}
                }
            }
            if let Some(numbers) = &self.numbers {
                let said = model.compare_numbers();
                if said != self.said {
                    numbers.set_inner_html(&said);
                    self.said = said;
                }
            }
        }
        if let Some(first) = self.spots.iter().find(|spot| spot.what == What::Flow(0)) {
            let size = first.size;
            let flows = self.spots.iter().filter_map(|spot| match spot.what {
                What::Flow(design) if in_turn(design) => Some((design, &spot.element)),
                _ => None,
            });
            for (design, element) in flows {
                element.set_inner_html(&model.compare_flow(design, size, motion, self.age));
            }
        }
    }

    /// Makes the matrix anew where the designs are others.
    fn prepare(&mut self, root: &Element, model: &Model) {
        let skeleton = model.compare_skeleton();
        if self.root.as_ref() == Some(root) && self.skeleton == skeleton {
            return;
        }
        root.set_inner_html(&skeleton);
        let named = |name: String| root.query_selector(&format!("[data-p='{name}']")).ok().flatten();
        let designs = model.designs().len();
        let plots = (0..designs).flat_map(|design| (0..PLOTS.len()).map(move |plot| What::Plot(design, plot)));
        let all = (0..designs).flat_map(|design| [What::Flow(design), What::Bar(design)]).chain(plots);
        let spot = |what: What| {
            let element = named(match what {
                What::Flow(design) => format!("flow {design}"),
                What::Bar(design) => format!("bar {design}"),
                What::Plot(design, plot) => format!("plot {design} {plot}"),
            })?;
            Some(Spot { element, what, size: Size { width: 0.0, height: 0.0, rem: 1.0, room: false } })
        };
        self.spots = all.filter_map(spot).collect();
        self.numbers = named("numbers".to_owned());
        self.said.clear();
        (self.root, self.skeleton) = (Some(root.clone()), skeleton);
    }
}
