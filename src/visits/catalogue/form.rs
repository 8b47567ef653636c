//! The service's form: its controls, what they sent, and the stored values as they would send them.

use super::model::{ProofKind, ServiceCategory, ServiceInput};
use super::pages::Services;
use super::store::{ServiceRow, get_service};
use super::{add, change};
use crate::access::{Permission, Scope};
use crate::app::Tx;
use crate::db::AnyConnection;
use crate::error::{Error, Result};
use crate::registry::caregivers::Skill;
use crate::registry::codes;
use crate::text::Text;
use crate::web::{Context, Create, FormField, Input, RecordForm, Words};

impl RecordForm for Services {
    const NEW: Create = ("/services/new", "service.new", Permission::EditCatalogue);
    const ONE_PATH: &'static str = "/services/{id}";
    const EDIT_PATH: &'static str = "/services/{id}/edit";
    const EDIT_HEADING: &'static str = "service.edit";
    type Values = ServiceInput;
    type Row = ServiceRow;
    type Offer = ();

    fn read(input: &Input) -> Result<ServiceInput> {
        let choose = |field| Error::field(field, Text::new("rule.choose"));
        let whole = |field: &'static str| {
            let number = input.text(field).parse::<i32>();
            number.map_err(|_| Error::field(field, Text::new("rule.whole_number")))
        };
        Ok(ServiceInput {
            code: input.text("code"),
            name_zh: input.text("name_zh"),
            name_en: input.text("name_en"),
            category: ServiceCategory::parse(&input.text("category")).ok_or_else(|| choose("category"))?,
            duration_min: whole("duration_min")?,
            skill: Skill::parse(&input.text("skill")).ok_or_else(|| choose("skill"))?,
            caregivers: whole("caregivers")?,
            proof: codes::read("proof", &input.many("proof"))?,
            proof_share_percent: whole("proof_share_percent")?,
            retired: input.flag("retired"),
            confirmed: input.flag("confirmed"),
        })
    }

    fn typed(row: &ServiceRow) -> Input {
        let values = row.input();
        Input::of([
            ("code", values.code),
            ("name_zh", values.name_zh),
            ("name_en", values.name_en),
            ("category", values.category.name().to_owned()),
            ("duration_min", values.duration_min.to_string()),
            ("skill", values.skill.name().to_owned()),
            ("caregivers", values.caregivers.to_string()),
            ("proof_share_percent", values.proof_share_percent.to_string()),
            ("retired", values.retired.to_string()),
            ("confirmed", values.confirmed.to_string()),
        ])
        .with("proof", codes::names(&values.proof))
    }

    fn fresh() -> Input {
        let plain = [
            ("duration_min", "30".to_owned()),
            ("caregivers", "1".to_owned()),
            ("proof_share_percent", "80".to_owned()),
        ];
        Input::of(plain).with("proof", codes::names(&[ProofKind::Place, ProofKind::Duration]))
    }

    fn get(connection: &mut AnyConnection, scope: &Scope, id: i64) -> Result<ServiceRow> {
        get_service(connection, scope, Permission::EditCatalogue, id)
    }

    fn version(row: &ServiceRow) -> i64 {
        row.version
    }

    fn add(tx: &mut Tx<'_>, values: &ServiceInput) -> Result<i64> {
        add(tx, values)
    }

    fn change(tx: &mut Tx<'_>, id: i64, seen: i64, values: &ServiceInput) -> Result<()> {
        change(tx, id, seen, values)
    }

    fn offer(_: &mut AnyConnection, _: &Scope, _: &Words) -> Result<()> {
        Ok(())
    }

    fn fields(context: &Context, (): (), _: Option<&ServiceRow>, input: &Input) -> Vec<FormField> {
        let field = |name: &'static str, kind: &'static str, required: bool| {
            FormField::of(context, name, kind, input).required(required)
        };
        let mut category = field("category", "select", true).options(names(
            context,
            "service_category",
            ServiceCategory::NAMES,
        ));
        category.label = context.t("field.service_category").into_owned();
        let numbers = [("1", "plan.one"), ("2", "plan.two")];
        let numbers = numbers.map(|(value, key)| (value.to_owned(), context.t(key).into_owned()));
        let proof = codes::options(context.lang, "proof_kind", ProofKind::NAMES);
        vec![
            field("code", "text", true).hint(context.t("hint.service_code")),
            category,
            field("name_zh", "text", true),
            field("name_en", "text", true),
            field("duration_min", "number", true).hint(context.t("hint.minutes")),
            field("skill", "select", true).options(names(context, "skill", Skill::NAMES)),
            field("caregivers", "select", true).options(numbers.to_vec()),
            field("proof_share_percent", "number", true).hint(context.t("hint.proof_share")),
            field("proof", "checks", true).boxes(proof, &input.many("proof")),
            field("confirmed", "checkbox", false).hint(context.t("hint.confirmed")),
            field("retired", "checkbox", false).hint(context.t("hint.retired")),
        ]
    }
}

fn names(context: &Context, kind: &str, values: &[&str]) -> Vec<(String, String)> {
    values.iter().map(|value| ((*value).to_owned(), context.name_of(kind, value))).collect()
}
