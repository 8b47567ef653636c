//! Queries of users, sessions and the audit chain.

mod audit;
mod grants;
mod sessions;
mod users;

pub use audit::{AuditFilter, AuditRow, append, head, list_entries, page_after, rows_before, rows_of};
pub use grants::{
    NamedPlace, grants_of, insert_grant, name_of_place, numbered_grants_of, places_for, remove_grant,
};
pub use sessions::{
    NewSession, SessionRow, close_session, find_session, get_session, insert_session, insert_setup_link,
    is_setup_link_open, list_sessions, list_sessions_of, open_sessions_of, session_is_open, take_setup_link,
    touch_session,
};
pub use users::{
    UserRow, any_user, disable_user, find_by_login, get_user, get_user_of, insert_user, list_users,
    phone_of_coordinator, set_password, set_work_phone, user_names, users_who_may,
};
