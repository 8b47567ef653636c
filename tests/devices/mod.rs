//! Devices: what is acknowledged, to whom, and when.

mod alarms;
mod broker;
mod cards;
mod charts;
mod claim;
mod claim_limits;
pub mod client;
mod clients;
mod external;
mod faults;
mod fire;
mod gate;
mod ingest_page;
mod limits;
pub mod live;
mod moves;
mod office;
mod presence;
mod rates;
mod raw;
mod reach;
mod simulator;
mod storage;
mod tls;
