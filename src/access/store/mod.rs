//! Queries of users, sessions and the audit chain.

mod audit;
mod sessions;
mod users;

pub use audit::{AuditFilter, AuditRow, append, head, list_entries, page_after, rows_of};
pub use sessions::{
    NewSession, SessionRow, any_setup_link_used, close_session, close_sessions_of, find_session,
    insert_session, insert_setup_link, is_setup_link_open, list_sessions, open_sessions_of, session_is_open,
    take_setup_link, touch_session,
};
pub use users::{
    UserRow, any_user, disable_user, find_by_login, get_user, grants_of, insert_grant, insert_user,
    list_users, remove_grants, set_password,
};
