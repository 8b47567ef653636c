use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::store::{ProviderListed, get_provider, list_providers};
use crate::access::{Permission, Scope};
use crate::api::{At, Endpoint, Filter, FilterKind, Id, Resource, fetch, list_endpoint, ok};
use crate::clock::Calendar;
use crate::db::AnyConnection;
use crate::error::Result;
use crate::listing::ListRequest;
use crate::web::{Need, Visitor, Words};

const TAG: &str = "providers";

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        list_endpoint::<Providers>(),
        Endpoint::get("/api/v1/providers/{id}", Need::May(Permission::SeeRegistry), || web::to(show))
            .about(TAG, "api.provider.show")
            .answers::<Provider>(200),
    ]
}

/// An organisation that sends caregivers and runs stations.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Provider {
    pub id: i64,
    pub town_code: String,
    pub name: String,
    pub phone: String,
    /// Those of its stations that the asker may see.
    pub stations: i64,
    /// Those of its active caregivers that the asker may see; absent for somebody who may see none.
    pub caregivers: Option<i64>,
    pub version: i64,
    pub updated_at: At,
}

impl Provider {
    fn new(listed: ProviderListed, calendar: Calendar) -> Provider {
        let ProviderListed { provider, stations, caregivers, .. } = listed;
        Provider {
            id: provider.id,
            town_code: provider.town_code,
            name: provider.name,
            phone: provider.phone,
            stations,
            caregivers,
            version: provider.version,
            updated_at: At::new(calendar, provider.updated_at),
        }
    }
}

struct Providers;

impl Resource for Providers {
    const PATH: &'static str = "/api/v1/providers";
    const TAG: &'static str = TAG;
    const ABOUT: &'static str = "api.provider.list";
    const NEED: Permission = Permission::SeeRegistry;
    const FILTERS: &'static [Filter] = &[
        Filter::new("q", FilterKind::Text, "Part of the name."),
        Filter::new("town", FilterKind::Text, "Code of the town."),
    ];
    type Item = Provider;

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Vec<Provider>> {
        let rows = list_providers(connection, scope, request)?.rows;
        Ok(rows.into_iter().map(|row| Provider::new(row, words.calendar)).collect())
    }

    fn number(item: &Provider) -> i64 {
        item.id
    }
}

async fn show(visitor: Visitor, Id(id): Id) -> Result<HttpResponse> {
    let listed = fetch(&visitor, move |connection, scope, _| get_provider(connection, scope, id)).await?;
    Ok(ok(&Provider::new(listed, visitor.app.calendar)))
}
