//! A door that a test opens.

use tokio::sync::watch;

/// Holds whoever waits at it until it is opened; open doors stay open. Clones are the same door.
#[derive(Clone, Debug)]
pub struct Gate {
    state: watch::Sender<State>,
}

#[derive(Clone, Copy, Debug, Default)]
struct State {
    open: bool,
    arrived: usize,
}

impl Default for Gate {
    fn default() -> Self {
        Self::closed()
    }
}

impl Gate {
    /// A closed door.
    pub fn closed() -> Self {
        Self { state: watch::Sender::new(State::default()) }
    }

    /// Opens it for good.
    pub fn open(&self) {
        self.state.send_modify(|state| state.open = true);
    }

    /// Waits until `count` have arrived at the door, let through or not.
    pub async fn wait_for_arrivals(&self, count: usize) {
        let mut state = self.state.subscribe();
        state.wait_for(|state| state.arrived >= count).await.expect("the gate holds its sender");
    }

    /// Arrives at the door and waits until it is open.
    pub async fn pass(&self) {
        self.state.send_modify(|state| state.arrived += 1);
        let mut state = self.state.subscribe();
        state.wait_for(|state| state.open).await.expect("the gate holds its sender");
    }
}
