//! The form of an entitlement.

use super::pages::Rules;
use super::store::{RuleRow, get_rule};
use super::{add, change};
use crate::access::{Permission, Scope};
use crate::app::Tx;
use crate::db::AnyConnection;
use crate::elders::store::categories;
use crate::error::{Error, Result};
use crate::plans::model::{AbilityLevel, EntitlementInput, EntitlementUnit};
use crate::text::Text;
use crate::web::{Context, Create, FormField, Input, RecordForm, Words};

impl RecordForm for Rules {
    const NEW: Create = ("/entitlement-rules/new", "entitlement.new", Permission::EditCatalogue);
    const ONE_PATH: &'static str = "/entitlement-rules/{id}";
    const EDIT_PATH: &'static str = "/entitlement-rules/{id}/edit";
    const EDIT_HEADING: &'static str = "entitlement.edit";
    type Values = EntitlementInput;
    type Row = RuleRow;
    /// Categories.
    type Offer = Vec<(String, String)>;

    fn read(input: &Input) -> Result<EntitlementInput> {
        let choose = |field| Error::field(field, Text::new("rule.choose"));
        let level = match input.text("level").as_str() {
            "" => None,
            name => Some(AbilityLevel::parse(name).ok_or_else(|| choose("level"))?),
        };
        let amount = input.text("amount").parse();
        let effective_on = input.text("effective_on").parse();
        Ok(EntitlementInput {
            category: input.text("category"),
            level,
            unit: EntitlementUnit::parse(&input.text("unit")).ok_or_else(|| choose("unit"))?,
            amount: amount.map_err(|_| Error::field("amount", Text::new("rule.whole_number")))?,
            effective_on: effective_on.map_err(|_| Error::field("effective_on", Text::new("rule.date")))?,
            confirmed: input.flag("confirmed"),
        })
    }

    fn typed(row: &RuleRow) -> Input {
        let values = row.input();
        Input::of([
            ("category", values.category),
            ("level", values.level.map(|level| level.name().to_owned()).unwrap_or_default()),
            ("unit", values.unit.name().to_owned()),
            ("amount", values.amount.to_string()),
            ("effective_on", values.effective_on.to_string()),
            ("confirmed", values.confirmed.to_string()),
        ])
    }

    fn get(connection: &mut AnyConnection, scope: &Scope, id: i64) -> Result<RuleRow> {
        get_rule(connection, scope, Permission::EditCatalogue, id)
    }

    fn version(row: &RuleRow) -> i64 {
        row.version
    }

    fn add(tx: &mut Tx<'_>, values: &EntitlementInput) -> Result<i64> {
        add(tx, values)
    }

    fn change(tx: &mut Tx<'_>, id: i64, seen: i64, values: &EntitlementInput) -> Result<()> {
        change(tx, id, seen, values)
    }

    fn offer(connection: &mut AnyConnection, _: &Scope, words: &Words) -> Result<Self::Offer> {
        let all = categories(connection)?;
        Ok(all.iter().map(|one| (one.code.clone(), words.pick(&one.name_zh, &one.name_en))).collect())
    }

    fn fields(
        context: &Context,
        categories: Self::Offer,
        _: Option<&RuleRow>,
        input: &Input,
    ) -> Vec<FormField> {
        let field = |name, kind| FormField::of(context, name, kind, input).required(true);
        let names = |kind: &str, values: &[&str]| {
            values.iter().map(|value| ((*value).to_owned(), context.name_of(kind, value))).collect::<Vec<_>>()
        };
        let mut levels = vec![(String::new(), context.t("entitlement.any_level").into_owned())];
        levels.extend(names("ability_level", AbilityLevel::NAMES));
        let mut category = field("category", "select").options(categories);
        category.label = context.t("field.categories").into_owned();
        vec![
            category,
            field("level", "select").required(false).options(levels),
            field("unit", "select").options(names("entitlement_unit", EntitlementUnit::NAMES)),
            field("amount", "number").hint(context.t("hint.amount")),
            field("effective_on", "date").hint(context.t("hint.entitlement_from")),
            field("confirmed", "checkbox").required(false).hint(context.t("hint.confirmed")),
        ]
    }
}
