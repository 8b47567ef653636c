//! Pages: assembly, the gate in front of every route, and what all pages share.
//!
//! Invariant: a request reaches a handler only through [`gate`], which has looked its route's need up in [`routes`]: a path
//! that is not in the table does not exist.

mod assemble;
mod assets;
mod bulk;
pub mod chart;
mod context;
mod detail;
mod failure;
mod form;
mod gate;
mod health;
mod home;
mod list;
mod list_view;
mod live;
mod origin;
mod page;
mod qr;
mod record_form;
mod routes;
mod table;
mod workbook;

pub use assemble::{Server, bind};
pub use assets::{asset_text, assets_version};
pub(crate) use bulk::{BulkForm, BulkList, Group, Line, Named, Outcome, bulk_page, bulk_routes};
pub use chart::{ChartView, ChartsView, Shape, Tab};
pub use context::{Context, Guest, Visitor};
pub use detail::{
    Action, Detail, Field, History, Section, Step, detail_page, detail_page_charted, detail_page_with,
};
pub use failure::{encode, fail, problem_body};
pub use form::{Conflicted, Form, FormField, Input, form_page, form_page_with};
pub use gate::session_cookie_name;
pub use list::{Choice, Create, Filter, FilterKind, List, LookUp, Words, list_page, list_routes};
pub use page::{NavItem, Page, html, redirect};
pub use qr::{QrDrawing, draw_qr, own_address};
pub use record_form::{RecordForm, form_routes};
pub(crate) use record_form::{is_for_form, new_form};
pub use routes::{Need, Route, all, delete, get, patch, post};
pub use table::{Cell, Column, HeadView, Row, TableView, group_digits, table};
pub(crate) use workbook::workbook_file;
