use actix_web::{HttpRequest, HttpResponse};

use super::words::scale_choices;
use crate::access::Permission;
use crate::assessments::model::Reason;
use crate::assessments::{Order, order};
use crate::beds::pages::steps::{chosen, day, is_for_form, names, number};
use crate::elders::store::get_elder;
use crate::error::{Code, Error, Result};
use crate::text::Text;
use crate::web::{Form, FormField, Input, Visitor, Words, form_page, redirect};

pub async fn show(visitor: Visitor, http: HttpRequest) -> Result<HttpResponse> {
    let asked = Input::parse(http.query_string())?;
    let input = Input::of([("elder", asked.text("elder")), ("scale", asked.text("scale"))]);
    let form = form(&visitor, &input).await?;
    form_page(&visitor, form, None)
}

pub async fn save(visitor: Visitor, body: String) -> Result<HttpResponse> {
    let input = Input::parse(&body)?;
    let practice = visitor.app.assessing.clone();
    let outcome = match read(&input) {
        Ok(wanted) => visitor.app.write(&visitor.scope(), move |tx| order(tx, &practice, &wanted)).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(id) => Ok(redirect(&format!("/assessments/{id}"))),
        Err(error) if is_for_form(&error) => {
            let form = form(&visitor, &input).await?;
            form_page(&visitor, form, Some((&error, None)))
        }
        Err(error) => Err(error),
    }
}

fn read(input: &Input) -> Result<Order> {
    let reason = chosen(input, "reason", Reason::parse)?;
    Ok(Order {
        elder_id: number(input, "elder")
            .map_err(|_| Error::field("elder", Text::new("rule.elder_number")))?,
        scale: input.text("scale"),
        reason: reason.ok_or_else(|| Error::field("reason", Text::new("rule.choose")))?,
        changed_on: day(input, "changed_on")?,
        due_on: day(input, "assess_by")?,
        note: input.text("note"),
    })
}

async fn form(visitor: &Visitor, input: &Input) -> Result<Form> {
    let (scope, now, elder) = (visitor.scope(), visitor.now, input.text("elder").parse::<i64>().ok());
    let elder = visitor
        .app
        .db
        .read(move |connection| {
            match elder.map(|id| get_elder(connection, &scope, Permission::Assess, id, now)) {
                Some(Ok(elder)) => Ok(Some(elder.name)),
                Some(Err(error)) if error.code != Code::NotFound => Err(error),
                _ => Ok(None),
            }
        })
        .await?;
    let hint = elder.unwrap_or_else(|| visitor.t("hint.elder_number").into_owned());
    let scales = scale_choices(&Words::of(visitor));
    let scales = std::iter::once((String::new(), "—".to_owned())).chain(scales).collect();
    let field = |name, kind| FormField::of(visitor, name, kind, input);
    Ok(Form {
        heading: visitor.t("assessment.new").into_owned(),
        action: "/assessments".to_owned(),
        fields: vec![
            field("elder", "text").required(true).hint(hint),
            field("scale", "select").required(true).options(scales),
            field("reason", "select").required(true).options(names(
                visitor,
                "assessment_reason",
                Reason::NAMES,
                true,
            )),
            field("changed_on", "date").hint(visitor.t("hint.changed_on")),
            field("assess_by", "date").hint(visitor.t("hint.assess_by")),
            field("note", "textarea").hint(visitor.t("hint.assessment_note")),
        ],
        submit_label: visitor.t("assessment.order").into_owned(),
        cancel_href: "/assessments".to_owned(),
        ..Form::default()
    })
}
