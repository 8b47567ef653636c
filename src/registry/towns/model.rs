use crate::listing::ListRequest;

crate::text_enum! {
    pub enum TownKind {
        Street = "street",
        Town = "town",
    }
}

/// A town and what is in it, as far as the asker may see.
#[derive(Clone, Debug, PartialEq)]
pub struct TownFigures {
    pub code: String,
    pub name_zh: String,
    pub name_en: String,
    pub kind: TownKind,
    pub longitude: f64,
    pub latitude: f64,
    pub area_km2: Option<f64>,
    /// Villages and communities of the list in force; other units of that level do not count.
    pub villages: i64,
    /// Those of them that have a station.
    pub villages_covered: i64,
    pub stations: i64,
    /// Operating.
    pub institutions: i64,
    /// In operating institutions.
    pub beds: i64,
    /// An estimate.
    pub elders_60plus: i64,
}

impl TownFigures {
    /// Share of the villages that have a station, in per cent; none without villages.
    pub fn coverage_percent(&self) -> Option<f64> {
        (self.villages > 0).then(|| self.villages_covered as f64 * 100.0 / self.villages as f64)
    }
}

/// Filter, order and page of rows that are computed; there are few towns.
pub fn page_of(mut rows: Vec<TownFigures>, request: &ListRequest) -> (Vec<TownFigures>, i64) {
    if let Some(text) = request.filter("q").map(|text| text.trim().to_lowercase()) {
        rows.retain(|row| {
            row.name_zh.contains(&text)
                || row.name_en.to_lowercase().contains(&text)
                || row.code.contains(&text)
        });
    }
    if let Some(kind) = request.filter("kind") {
        rows.retain(|row| row.kind.name() == kind);
    }
    let (key, descending) = request.sort_or("code");
    rows.sort_by(|a, b| match key {
        "name" => a.name_zh.cmp(&b.name_zh),
        "kind" => a.kind.name().cmp(b.kind.name()),
        "villages" => a.villages.cmp(&b.villages),
        "stations" => a.stations.cmp(&b.stations),
        "coverage" => a.coverage_percent().unwrap_or(-1.0).total_cmp(&b.coverage_percent().unwrap_or(-1.0)),
        "institutions" => a.institutions.cmp(&b.institutions),
        "beds" => a.beds.cmp(&b.beds),
        "elders" => a.elders_60plus.cmp(&b.elders_60plus),
        _ => a.code.cmp(&b.code),
    });
    if descending {
        rows.reverse();
    }
    let total = rows.len() as i64;
    let from = usize::try_from(request.offset).unwrap_or(0).min(rows.len());
    let rows = rows.into_iter().skip(from).take(usize::try_from(request.limit).unwrap_or(0)).collect();
    (rows, total)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn town(code: &str, name: &str, villages: i64, covered: i64) -> TownFigures {
        TownFigures {
            code: code.into(),
            name_zh: name.into(),
            name_en: code.into(),
            kind: if code < "350582100" { TownKind::Street } else { TownKind::Town },
            longitude: 118.5,
            latitude: 24.8,
            area_km2: None,
            villages,
            villages_covered: covered,
            stations: covered,
            institutions: 0,
            beds: 0,
            elders_60plus: 0,
        }
    }

    fn asked(filters: &[(&str, &str)], sort: Option<(&str, bool)>, offset: i64, limit: i64) -> ListRequest {
        ListRequest {
            filters: filters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            sort: sort.map(|(key, descending)| (key.to_owned(), descending)),
            offset,
            limit,
            ..ListRequest::default()
        }
    }

    fn codes(request: &ListRequest) -> (Vec<String>, i64) {
        let rows = vec![
            town("350582101", "安海镇", 10, 9),
            town("350582001", "青阳街道", 10, 2),
            town("350582102", "磁灶镇", 0, 0),
        ];
        let (rows, total) = page_of(rows, request);
        (rows.into_iter().map(|row| row.code[6..].to_owned()).collect(), total)
    }

    #[test]
    fn coverage_is_a_share_of_the_listed_villages() {
        assert_eq!(town("1", "", 20, 5).coverage_percent(), Some(25.0));
        assert_eq!(town("1", "", 0, 0).coverage_percent(), None);
    }

    #[test]
    fn computed_rows_are_filtered_sorted_and_paged() {
        assert_eq!(codes(&asked(&[], None, 0, 50)), (vec!["001".into(), "101".into(), "102".into()], 3));
        let by_coverage = asked(&[], Some(("coverage", true)), 0, 50);
        assert_eq!(codes(&by_coverage), (vec!["101".into(), "001".into(), "102".into()], 3));
        assert_eq!(codes(&asked(&[("kind", "street")], None, 0, 50)), (vec!["001".into()], 1));
        assert_eq!(codes(&asked(&[("q", "镇")], None, 1, 1)), (vec!["102".into()], 2));
        assert_eq!(codes(&asked(&[], None, 9, 50)), (vec![], 3));
    }
}
