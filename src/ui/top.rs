//! The bar at the top: name, scenario, files, light and dark.

use super::select::Select;
use super::surroundings::Surroundings;
use streamgauge::app::{Action, LinkAction, Model, Theme, picture};
use streamgauge::scenario::presets;
use web_sys::{Event, HtmlInputElement};
use yew::{AttrValue, Callback, Html, MouseEvent, TargetCast, html};

/// The bar.
pub fn view(model: &Model, dark: bool, act: &Callback<Action>, open_model: &Callback<MouseEvent>) -> Html {
    let choose = act.reform(Action::ChoosePreset);
    let changed = model.preset().is_none().then(|| (AttrValue::default(), AttrValue::from(changed_name(model))));
    let presets = presets::ALL.iter().map(|preset| (AttrValue::from(preset.id), AttrValue::from(preset.title)));
    let options: Vec<_> = changed.into_iter().chain(presets).collect();
    let theme = if dark { Theme::Light } else { Theme::Dark };
    html! {
        <header class="top">
            <span class="mark">{ Html::from_html_unchecked(AttrValue::from(picture::glyph())) }<span class="hide-phone">{ "Streamgauge" }</span></span>
            <label class="vh" for="preset">{ "Scenario" }</label>
            <Select id="preset" class="btn preset" {options} chosen={model.preset().unwrap_or_default().to_owned()} {choose} />
            <span class="grow"></span>
            { file_button("Open", "A scenario (JSON) or a series of counts (CSV). Dropping it on the page does the same.", "btn quiet hide-phone hide-room", act) }
            <button class="btn quiet hide-phone hide-room" title="Save the scenario as a file"
                onclick={act.reform(|_| Action::SaveScenario)}>{ "Save" }</button>
            <button class="btn quiet" title="A link that carries the whole scenario, and its QR code"
                onclick={act.reform(|_| Action::Link(LinkAction::Share))}>{ "Share link" }</button>
            <button class="btn quiet hide-phone" title="The cheapest design that meets a goal, by running many (key z)"
                onclick={act.reform(|_| Action::FindSize)}>{ "Size" }</button>
            <button class="btn quiet hide-phone hide-room" title="Rules, constants and sources of the simulation"
                onclick={open_model}>{ "Model" }</button>
            <button class="btn quiet hide-phone" title="For a projector: large, without the columns"
                aria-pressed={model.is_presenting().to_string()}
                onclick={act.reform(|_| Action::TogglePresent)}>{ "Present" }</button>
            <button class="btn quiet icon" aria-label="Light or dark" title="Light or dark"
                onclick={act.reform(move |_| Action::SetTheme(theme))}>{ "◐" }</button>
        </header>
    }
}

/// The name of a scenario that is no preset, or no longer one.
fn changed_name(model: &Model) -> String {
    let name = &model.scenario().name;
    if model.is_edited() { format!("{}, changed", name.trim_start_matches("… ")) } else { name.clone() }
}

/// A button that asks for a file.
pub fn file_button(words: &'static str, title: &'static str, class: &'static str, act: &Callback<Action>) -> Html {
    let act = act.clone();
    let chosen = Callback::from(move |event: Event| {
        let input: HtmlInputElement = event.target_unchecked_into();
        Surroundings::open_files(input.files(), act.clone());
        // The same file may be chosen again after it was corrected.
        input.set_value("");
    });
    html! {
        <label class={class} title={title}>{ words }
            <input type="file" class="vh" accept=".json,.csv,.tsv,.txt" onchange={chosen} />
        </label>
    }
}
