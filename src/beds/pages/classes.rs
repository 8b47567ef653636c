//! The classes of the waiting list: who comes before whom, as data of the office in charge.

use actix_web::{HttpResponse, web};

use super::steps::is_for_form;
use crate::access::Permission;
use crate::beds::model::ClassInput;
use crate::beds::store::{ClassListed, ClassRow, all_classes, classes_listed};
use crate::beds::{add_class, change_class, class_input};
use crate::bus::Topic;
use crate::error::{Error, Result};
use crate::web::{
    Action, Cell, Column, Detail, Form, FormField, Input, Need, Route, Row, Section, Visitor, Words,
    detail_page, form_page, get, post, redirect, table,
};

pub fn routes() -> Vec<Route> {
    let edit = Need::May(Permission::EditInstitution);
    vec![
        get("/waiting-classes", Need::May(Permission::SeeBeds), || web::to(list)),
        get("/waiting-classes/new", edit, || web::to(show_new)),
        post("/waiting-classes", edit, || web::to(save_new)),
        get("/waiting-classes/{code}", edit, || web::to(show_edit)),
        post("/waiting-classes/{code}", edit, || web::to(save)),
    ]
}

/// The classes are the city's.
fn may_edit(visitor: &Visitor) -> bool {
    visitor.scope().reach(Permission::EditInstitution).is_ok_and(|reach| reach.city)
}

const COLUMNS: &[Column] = &[
    Column::text("name", "field.class"),
    Column::number("position", "field.position"),
    Column::text("code", "field.code"),
    Column::number("waiting", "field.waiting_now"),
    Column::text("confirmed", "field.confirmed"),
    Column::text("state", "field.state"),
];

async fn list(visitor: Visitor) -> Result<HttpResponse> {
    let classes = visitor.app.db.read(classes_listed).await?;
    let words = Words::of(&visitor);
    let may_edit = may_edit(&visitor);
    let rows = classes.into_iter().enumerate().map(|(index, listed)| row(&words, index, listed, may_edit));
    let rows = rows.collect();
    let mut actions = vec![Action::link("/waiting", visitor.t("waiting.heading"), "users")];
    if may_edit {
        let new = Action::link("/waiting-classes/new", visitor.t("waiting.new_class"), "plus");
        actions.push(new.primary());
    }
    detail_page(
        &visitor,
        Detail {
            heading: visitor.t("waiting.classes").into_owned(),
            subheading: visitor.t("waiting.classes_sub").into_owned(),
            actions,
            sections: vec![Section {
                heading: visitor.t("waiting.order").into_owned(),
                fields: Vec::new(),
                table: Some(table(&visitor, COLUMNS, rows)),
            }],
            topic: Some(Topic::Stay),
        },
    )
}

fn row(words: &Words, index: usize, listed: ClassListed, may_edit: bool) -> Row {
    let ClassListed { class, waiting } = listed;
    let confirmed = if class.confirmed {
        Cell::chip(words.t("waiting.is_confirmed"), "ok")
    } else {
        Cell::chip(words.t("waiting.not_confirmed"), "warn")
    };
    let state = if class.retired {
        Cell::chip(words.t("waiting.retired"), "off")
    } else {
        Cell::chip(words.t("waiting.in_use"), "ok")
    };
    Row {
        href: may_edit.then(|| format!("/waiting-classes/{}", class.code)),
        cells: vec![
            Cell::text(words.pick(&class.name_zh, &class.name_en)),
            Cell::count(index as i64 + 1),
            Cell::text(&class.code),
            Cell::count(waiting),
            confirmed,
            state,
        ],
    }
}

async fn order(visitor: &Visitor) -> Result<Vec<ClassRow>> {
    if !may_edit(visitor) {
        return Err(Error::forbidden().context("the classes are the city's"));
    }
    visitor.app.db.read(all_classes).await
}

fn fields(visitor: &Visitor, order: &[ClassRow], own: Option<&str>, input: &Input) -> Vec<FormField> {
    let field = |name: &'static str, kind: &'static str| FormField::of(visitor, name, kind, input);
    let first = (String::new(), visitor.t("waiting.first_in_line").into_owned());
    let others = order.iter().filter(|class| own != Some(class.code.as_str())).map(|class| {
        let name = visitor.pick(&class.name_zh, &class.name_en);
        (class.code.clone(), visitor.lang.fill("waiting.behind", &[("class", name)]))
    });
    let places = std::iter::once(first).chain(others).collect();
    let mut fields = Vec::new();
    if own.is_none() {
        fields.push(field("code", "text").required(true).hint(visitor.t("hint.class_code")));
    }
    fields.extend([
        field("name_zh", "text").required(true),
        field("name_en", "text").required(true),
        field("after", "select").options(places),
        field("confirmed", "checkbox").hint(visitor.t("hint.confirmed")),
        field("retired", "checkbox").hint(visitor.t("hint.retired")),
    ]);
    fields
}

fn read(input: &Input) -> ClassInput {
    ClassInput {
        name_zh: input.text("name_zh"),
        name_en: input.text("name_en"),
        confirmed: input.flag("confirmed"),
        retired: input.flag("retired"),
        after: Some(input.text("after")).filter(|code| !code.is_empty()),
    }
}

fn new_form(visitor: &Visitor, order: &[ClassRow], input: &Input) -> Form {
    Form {
        heading: visitor.t("waiting.new_class").into_owned(),
        action: "/waiting-classes".to_owned(),
        fields: fields(visitor, order, None, input),
        submit_label: visitor.t("action.save").into_owned(),
        cancel_href: "/waiting-classes".to_owned(),
        ..Form::default()
    }
}

async fn show_new(visitor: Visitor) -> Result<HttpResponse> {
    if !may_edit(&visitor) {
        return Ok(redirect("/waiting-classes"));
    }
    let order = order(&visitor).await?;
    // A new class comes last, unless told otherwise.
    let last = order.last().map(|class| class.code.clone()).unwrap_or_default();
    form_page(&visitor, new_form(&visitor, &order, &Input::of([("after", last)])), None)
}

async fn save_new(visitor: Visitor, body: String) -> Result<HttpResponse> {
    let input = Input::parse(&body)?;
    let (code, values) = (input.text("code"), read(&input));
    match visitor.app.write(&visitor.scope(), move |tx| add_class(tx, &code, &values)).await {
        Ok(()) => Ok(redirect("/waiting-classes")),
        Err(error) if is_for_form(&error) => {
            let form = new_form(&visitor, &order(&visitor).await?, &input);
            form_page(&visitor, form, Some((&error, None)))
        }
        Err(error) => Err(error),
    }
}

fn edit_form(visitor: &Visitor, order: &[ClassRow], code: &str, typed: Option<&Input>) -> Result<Form> {
    let class = order.iter().find(|class| class.code == code).ok_or_else(Error::not_found)?;
    let stored = || {
        let values = class_input(order, class);
        Input::of([
            ("name_zh", values.name_zh),
            ("name_en", values.name_en),
            ("confirmed", values.confirmed.to_string()),
            ("retired", values.retired.to_string()),
            ("after", values.after.unwrap_or_default()),
        ])
    };
    let name = visitor.pick(&class.name_zh, &class.name_en);
    let input = typed.cloned().unwrap_or_else(stored);
    Ok(Form {
        heading: visitor.lang.fill("waiting.edit_class", &[("class", name)]),
        action: format!("/waiting-classes/{code}"),
        version: Some(class.version),
        fields: fields(visitor, order, Some(code), &input),
        submit_label: visitor.t("action.save").into_owned(),
        cancel_href: "/waiting-classes".to_owned(),
    })
}

async fn show_edit(visitor: Visitor, code: web::Path<String>) -> Result<HttpResponse> {
    let order = order(&visitor).await?;
    form_page(&visitor, edit_form(&visitor, &order, &code, None)?, None)
}

async fn save(visitor: Visitor, code: web::Path<String>, body: String) -> Result<HttpResponse> {
    let input = Input::parse(&body)?;
    let (code, seen, values) = (code.into_inner(), input.version()?, read(&input));
    let changed = code.clone();
    match visitor.app.write(&visitor.scope(), move |tx| change_class(tx, &changed, seen, &values)).await {
        Ok(()) => Ok(redirect("/waiting-classes")),
        Err(error) if is_for_form(&error) => {
            let mut form = edit_form(&visitor, &order(&visitor).await?, &code, Some(&input))?;
            let stored = form.version.replace(seen);
            form_page(&visitor, form, Some((&error, stored)))
        }
        Err(error) => Err(error),
    }
}
