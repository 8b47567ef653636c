//! What belongs to a record, as cards on the elder's page.

use std::collections::HashMap;

use chrono::NaiveDate;

use super::record::{Card, Panel};
use crate::access::Permission;
use crate::db::AnyConnection;
use crate::devices::pages::{channel_name, value_text};
use crate::elders::model::Stance;
use crate::elders::parts::{Caregivers, Consents, Contacts, Documents, Eligibility, Limits, Part, Places};
use crate::elders::personal::Clear;
use crate::elders::store::{
    Category, caregiver_rows, consent_rows, contact_rows, document_rows, eligibility_rows, limit_rows,
    place_rows,
};
use crate::error::Result;
use crate::web::{Action, Visitor, Words};

/// Stands for a value on file: as long as any, so that it tells nothing.
const MASK: &str = "••••••••";
/// A document that runs out sooner is pointed out.
const EXPIRES_SOON_DAYS: i64 = 60;

/// All rows of one elder.
#[derive(Default)]
pub(super) struct Rows {
    pub eligibility: Vec<eligibility_rows::Row>,
    pub places: Vec<place_rows::Row>,
    pub contacts: Vec<contact_rows::Row>,
    pub caregivers: Vec<caregiver_rows::Row>,
    pub consents: Vec<consent_rows::Row>,
    pub documents: Vec<document_rows::Row>,
    pub limits: Vec<limit_rows::Row>,
    pub caregiver_names: HashMap<i64, String>,
    pub categories: Vec<Category>,
}

impl Rows {
    pub fn load(connection: &mut AnyConnection, elder_id: i64) -> Result<Rows> {
        Ok(Rows {
            eligibility: eligibility_rows::list(connection, elder_id)?,
            places: place_rows::list(connection, elder_id)?,
            contacts: contact_rows::list(connection, elder_id)?,
            caregivers: caregiver_rows::list(connection, elder_id)?,
            consents: consent_rows::list(connection, elder_id)?,
            documents: document_rows::list(connection, elder_id)?,
            limits: limit_rows::list(connection, elder_id)?,
            ..Rows::default()
        })
    }
}

/// What all cards of a page need.
struct Frame<'a> {
    visitor: &'a Visitor,
    elder_id: i64,
    may_edit: bool,
    today: NaiveDate,
}

impl Frame<'_> {
    fn panel<P: Part>(&self, heading: &str, cards: Vec<Card>) -> Panel {
        let visitor = self.visitor;
        let new = P::NEW.replace("{id}", &self.elder_id.to_string());
        let add = Action::link(new, visitor.t("action.add"), "plus");
        Panel {
            id: P::NAME,
            heading: visitor.t(heading).into_owned(),
            actions: if self.may_edit { vec![add] } else { Vec::new() },
            cards,
            empty: visitor.t("list.nothing").into_owned(),
            ..Panel::default()
        }
    }

    fn card<P: Part>(&self, (id, version): (i64, i64), title: String, lines: Vec<String>) -> Card {
        let visitor = self.visitor;
        let mut actions = Vec::new();
        if self.may_edit {
            let one = format!("/elders/{}/{}/{id}", self.elder_id, P::NAME);
            actions.push(Action::link(format!("{one}/edit"), visitor.t("action.edit"), "pencil"));
            let question = visitor.lang.fill("elder.remove_confirm", &[("what", &title)]);
            let remove = Action::post(format!("{one}/remove"), visitor.t("action.remove"), "x");
            actions.push(remove.with("version", version).confirm(question));
        }
        let lines = lines.into_iter().filter(|line| !line.is_empty()).collect();
        Card { title, chip: None, lines, call: None, sealed: None, actions }
    }

    /// `2026-01-01 – 2026-06-30`: the last day is named, since people count it in.
    fn period(&self, from: Option<NaiveDate>, to: Option<NaiveDate>) -> String {
        let first =
            from.map_or_else(|| self.visitor.t("elder.since_ever").into_owned(), |day| day.to_string());
        let last = to.and_then(|day| day.pred_opt());
        let last = last.map_or_else(|| self.visitor.t("elder.goes_on").into_owned(), |day| day.to_string());
        format!("{first} – {last}")
    }

    fn in_force(&self, from: Option<NaiveDate>, to: Option<NaiveDate>) -> (&'static str, String) {
        let (tone, key) = if from.is_some_and(|from| from > self.today) {
            ("wait", "elder.to_come")
        } else if to.is_some_and(|to| to <= self.today) {
            ("off", "elder.over")
        } else {
            ("ok", "elder.in_force")
        };
        (tone, self.visitor.t(key).into_owned())
    }

    fn with_label(&self, label: &str, value: &str) -> String {
        if value.is_empty() {
            return String::new();
        }
        format!("{}{}{value}", self.visitor.t(label), self.visitor.t("audit.colon"))
    }
}

/// The panels in the order of the page.
pub(super) fn panels(
    visitor: &Visitor,
    elder_id: i64,
    rows: &Rows,
    clear: Option<&Clear>,
    may_edit: bool,
) -> Vec<Panel> {
    let frame = Frame { visitor, elder_id, may_edit, today: visitor.today() };
    let eligibility = rows.eligibility.iter().map(|row| eligibility_card(&frame, rows, row)).collect();
    let contacts = rows.contacts.iter().map(|row| contact_card(&frame, row, clear)).collect();
    let caregivers = rows.caregivers.iter().map(|row| caregiver_card(&frame, rows, row)).collect();
    let places = rows.places.iter().map(|row| place_card(&frame, row, clear)).collect();
    let consents = rows.consents.iter().map(|row| consent_card(&frame, row)).collect();
    let documents = rows.documents.iter().map(|row| document_card(&frame, row, clear)).collect();
    let limits = rows.limits.iter().map(|row| limit_card(&frame, rows, row)).collect();
    vec![
        frame.panel::<Eligibility>("elder.eligibility", eligibility),
        frame.panel::<Contacts>("elder.contacts", contacts),
        frame.panel::<Caregivers>("elder.caregivers", caregivers),
        frame.panel::<Places>("elder.places", places),
        frame.panel::<Consents>("elder.consents", consents),
        frame.panel::<Documents>("elder.documents", documents),
        frame.panel::<Limits>("elder.limits", limits),
    ]
}

fn eligibility_card(frame: &Frame<'_>, rows: &Rows, row: &eligibility_rows::Row) -> Card {
    let fields = &row.fields;
    let category = rows.categories.iter().find(|one| one.code == fields.category_code);
    let title = category.map_or_else(
        || fields.category_code.clone(),
        |one| frame.visitor.pick(&one.name_zh, &one.name_en).to_owned(),
    );
    let unconfirmed = category.is_some_and(|one| !one.confirmed);
    let lines = vec![
        frame.period(fields.from_on, fields.to_on),
        frame.with_label("field.document_number", &fields.document_number),
        fields.note.clone(),
        if unconfirmed { frame.visitor.t("elder.unconfirmed").into_owned() } else { String::new() },
    ];
    let card = frame.card::<Eligibility>((row.id, row.version), title, lines);
    Card { chip: Some(frame.in_force(fields.from_on, fields.to_on)), ..card }
}

fn contact_card(frame: &Frame<'_>, row: &contact_rows::Row, clear: Option<&Clear>) -> Card {
    let fields = &row.fields;
    let relation = frame.visitor.name_of("relation", fields.relation.name());
    let title = format!("{}. {} · {relation}", fields.call_order, fields.name);
    let card = frame.card::<Contacts>((row.id, row.version), title, vec![fields.note.clone()]);
    let phone = clear.and_then(|clear| clear.phones.get(&row.id)).filter(|phone| !phone.is_empty());
    let sealed = (phone.is_none() && row.phone_sealed.is_some()).then(|| MASK.to_owned());
    Card { call: phone.cloned(), sealed, ..card }
}

fn caregiver_card(frame: &Frame<'_>, rows: &Rows, row: &caregiver_rows::Row) -> Card {
    let fields = &row.fields;
    let unknown = || frame.visitor.t("elder.caregiver_unseen").into_owned();
    let title = rows.caregiver_names.get(&fields.caregiver_id).cloned().unwrap_or_else(unknown);
    let set = format!("{} · {}", fields.set_by, frame.visitor.show(fields.set_at));
    let card = frame.card::<Caregivers>((row.id, row.version), title, vec![fields.reason.clone(), set]);
    let tone = if fields.stance == Stance::Barred { "bad" } else { "ok" };
    Card { chip: Some((tone, frame.visitor.name_of("stance", fields.stance.name()))), ..card }
}

fn place_card(frame: &Frame<'_>, row: &place_rows::Row, clear: Option<&Clear>) -> Card {
    let fields = &row.fields;
    let kind = frame.visitor.name_of("place_kind", fields.kind.name());
    let mut lines = vec![
        frame.period(fields.from_on, fields.to_on),
        format!("{:.5}, {:.5}", fields.longitude, fields.latitude),
    ];
    if let Some((address, door_note)) = clear.and_then(|clear| clear.places.get(&row.id)) {
        lines.push(address.clone());
        lines.push(frame.with_label("field.door_note", door_note));
    }
    let title = format!("{} · {kind}", fields.label);
    let card = frame.card::<Places>((row.id, row.version), title, lines);
    let is_hidden = clear.is_none() && (row.address_sealed.is_some() || row.door_note_sealed.is_some());
    let sealed = is_hidden.then(|| MASK.to_owned());
    Card { chip: Some(frame.in_force(fields.from_on, fields.to_on)), sealed, ..card }
}

fn consent_card(frame: &Frame<'_>, row: &consent_rows::Row) -> Card {
    let fields = &row.fields;
    let title = frame.visitor.name_of("consent_kind", fields.kind.name());
    let mut lines = vec![format!("{} · {}", fields.given_on, fields.given_by), fields.note.clone()];
    let chip = match fields.withdrawn_on {
        Some(day) => {
            lines.push(frame.with_label("field.withdrawn_on", &day.to_string()));
            ("off", frame.visitor.t("elder.withdrawn").into_owned())
        }
        None => ("ok", frame.visitor.t("elder.given").into_owned()),
    };
    let card = frame.card::<Consents>((row.id, row.version), title, lines);
    Card { chip: Some(chip), ..card }
}

fn document_card(frame: &Frame<'_>, row: &document_rows::Row, clear: Option<&Clear>) -> Card {
    let (visitor, fields) = (frame.visitor, &row.fields);
    let title = visitor.name_of("document_kind", fields.kind.name());
    let day = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
    let number = clear.and_then(|clear| clear.numbers.get(&row.id)).map(String::as_str).unwrap_or_default();
    let lines = vec![
        frame.with_label("field.number", number),
        frame.with_label("field.issued_on", &day(fields.issued_on)),
        frame.with_label("field.expires_on", &day(fields.expires_on)),
        row.scan_bytes.map(|bytes| scan_size(visitor, bytes)).unwrap_or_default(),
        fields.note.clone(),
    ];
    let mut card = frame.card::<Documents>((row.id, row.version), title, lines);
    card.sealed = (clear.is_none() && row.number_sealed.is_some()).then(|| MASK.to_owned());
    card.chip = fields.expires_on.and_then(|expires| {
        let left = (expires - frame.today).num_days();
        match left {
            ..0 => Some(("bad", visitor.t("elder.expired").into_owned())),
            0..=EXPIRES_SOON_DAYS => Some(("warn", visitor.t("elder.expires_soon").into_owned())),
            _ => None,
        }
    });
    let scan = format!("/elders/{}/documents/{}/scan", frame.elder_id, row.id);
    if row.scan_kind.is_some() && visitor.may(Permission::UnmaskElder) {
        let question = visitor.t("elder.show_scan_confirm").into_owned();
        let show = Action::post(format!("{scan}/show"), visitor.t("elder.show_scan"), "download");
        card.actions.insert(0, show.confirm(question));
    }
    if frame.may_edit {
        let label = if row.scan_kind.is_some() { "elder.replace_scan" } else { "elder.add_scan" };
        card.actions.push(Action::link(scan, visitor.t(label), "plus"));
    }
    card
}

/// The limits of a channel that began last count; those before them are what counted until then.
fn limit_card(frame: &Frame<'_>, rows: &Rows, row: &limit_rows::Row) -> Card {
    let fields = &row.fields;
    let words = Words::of(frame.visitor);
    let value =
        |value: Option<f64>| value.map(|value| value_text(&words, fields.channel, value)).unwrap_or_default();
    let same = rows.limits.iter().filter(|other| other.fields.channel == fields.channel);
    let next = same.map(|other| other.fields.from_on).filter(|day| *day > fields.from_on).min();
    let lines = vec![
        frame.with_label("field.lowest", &value(fields.lowest)),
        frame.with_label("field.highest", &value(fields.highest)),
        frame.period(Some(fields.from_on), next),
        fields.note.clone(),
        format!("{} · {}", fields.set_by, frame.visitor.show(fields.set_at)),
    ];
    let title = channel_name(&words, fields.channel);
    let card = frame.card::<Limits>((row.id, row.version), title, lines);
    Card { chip: Some(frame.in_force(Some(fields.from_on), next)), ..card }
}

fn scan_size(visitor: &Visitor, bytes: i32) -> String {
    let kilobytes = (bytes + 1_023) / 1_024;
    visitor.lang.fill("elder.scan_size", &[("n", &kilobytes.to_string())])
}
