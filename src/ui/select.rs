//! A choice of a few words whose chosen one always follows the model, also after somebody chose another.

use web_sys::{Event, HtmlSelectElement};
use yew::{AttrValue, Callback, Classes, Html, Properties, TargetCast, component, html, use_effect, use_node_ref};

/// What is to choose from.
#[derive(Clone, PartialEq, Properties)]
pub struct Props {
    /// Ties the label to the field.
    pub id: AttrValue,
    /// Its look.
    pub class: Classes,
    /// Value and words of each option.
    pub options: Vec<(AttrValue, AttrValue)>,
    /// Value of the chosen one.
    pub chosen: AttrValue,
    /// What it does, for whoever asks.
    #[prop_or_default]
    pub title: AttrValue,
    /// Id of the sentence that says what is wrong with it.
    #[prop_or_default]
    pub problem: Option<AttrValue>,
    /// Gets the value that was chosen.
    pub choose: Callback<String>,
}

/// The choice.
#[component]
pub fn Select(props: &Props) -> Html {
    let place = use_node_ref();
    let (select, chosen) = (place.clone(), props.chosen.clone());
    use_effect(move || {
        if let Some(select) = select.cast::<HtmlSelectElement>() {
            select.set_value(&chosen);
        }
    });
    let choose = props.choose.reform(|event: Event| event.target_unchecked_into::<HtmlSelectElement>().value());
    let invalid = props.problem.as_ref().map(|_| "true");
    html! {
        <select ref={place} id={props.id.clone()} class={props.class.clone()} title={props.title.clone()}
            aria-invalid={invalid} aria-describedby={props.problem.clone()} onchange={choose}>
            { for props.options.iter().map(|(value, words)| html! {
                <option value={value.clone()}>{ words }</option>
            }) }
        </select>
    }
}
