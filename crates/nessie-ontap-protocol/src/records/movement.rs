//! The move of a volume to another aggregate.

use nessie_backend_core::Timestamp;

use super::Named;

/// The last move of a volume.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Movement {
    /// The aggregate that the volume was in.
    pub source: Named,
    /// The aggregate that it is moved to.
    pub destination: Named,
    /// When it began.
    pub start_time: Timestamp,
    /// How long clients may wait for the cutover, in seconds.
    pub cutover_window: u64,
    /// Its state.
    pub state: MovementState,
}

/// The state of a move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each variant is named after the word for it")]
pub enum MovementState {
    Replicating,
    Paused,
    CutoverWait,
    Aborted,
    Success,
}

impl MovementState {
    /// The word of the state.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Replicating => "replicating",
            Self::Paused => "paused",
            Self::CutoverWait => "cutover_wait",
            Self::Aborted => "aborted",
            Self::Success => "success",
        }
    }

    /// Whether the volume is still in its source.
    #[must_use]
    pub const fn is_under_way(self) -> bool {
        matches!(self, Self::Replicating | Self::Paused | Self::CutoverWait)
    }

    /// How much of the data the destination has, in percent.
    #[must_use]
    pub const fn percent_complete(self) -> u64 {
        match self {
            Self::Replicating | Self::Paused | Self::Aborted => 0,
            Self::CutoverWait | Self::Success => 100,
        }
    }
}
