extension DaemonEvent {
    /// The kinds of events, by their names: stable across versions, as are their message ids.
    public enum Kind: String, Sendable, CaseIterable {
        case started
        case ready
        case stopping
        case stopped
        case testEngine = "test-engine"
        case attemptsDied = "attempts-died"
        case ledgerSetAside = "ledger-set-aside"
        case ledgerRebuilt = "ledger-rebuilt"
        case ledgerLost = "ledger-lost"
        case heldMoved = "held-moved"
        case rootWatched = "root-watched"
        case rootLeft = "root-left"
        case rootHealthy = "root-healthy"
        case rootUnhealthy = "root-unhealthy"
        case rootFallsBack = "root-falls-back"
        case rootFailed = "root-failed"
        case overflow
        case unreadable
        case scanned
        case seen
        case profilePrepared = "profile-prepared"
        case profileUnusable = "profile-unusable"
        case done
        case failed
        case learned
        case learnedStands = "learned-stands"
        case learningFailed = "learning-failed"
        case learnedLost = "learned-lost"
        case retrying
        case ignored
        case workerLost = "worker-lost"
        case paused
        case resumed
        case reloaded
        case reloadRefused = "reload-refused"
        case stalled
        case forgotten
        case trouble

        /// The `MESSAGE_ID` in the journal. `systemd/nctd.catalog` explains each, for `journalctl -x`.
        public var messageID: String {
            switch self {
            case .started: "ce0374d0e0734f3ca45d620e7f893e2f"
            case .ready: "83ff52bc65e142758c3a617f39bbc843"
            case .stopping: "3aadf1332ddc4a77b362f3d3fe5c58f8"
            case .stopped: "ccf6deda438442da82e095c9a8d7ac1d"
            case .testEngine: "d26b8e5decf248238fc1359ee49942b1"
            case .attemptsDied: "d69f79770887432d9d4d276761c80fde"
            case .ledgerSetAside: "cd122ddd899f43d0bdd1e7c02a6ebbb7"
            case .ledgerLost: "7b5d0c4c4f0f4b6e8f2a91d3c6e8a417"
            case .heldMoved: "0f6d1f0d9b8e4f0fa6a6a1f6b1c3d2e5"
            case .ledgerRebuilt: "cce1787a676c4000a25f2d01ff11e8a8"
            case .rootWatched: "16544921cd21487297434b28baac400e"
            case .rootLeft: "6c4cda8aa5a94faf81d657f305b468fd"
            case .rootHealthy: "c435d60a0e4e42488ed24419855c17c9"
            case .rootUnhealthy: "bb661b6dd3214bf99a1765ae676d380d"
            case .rootFallsBack: "b11b513f266a4ad790f19bdb170c3375"
            case .rootFailed: "33f8fbdbdc574a2f9ddb91f8429df245"
            case .overflow: "75b1eeb5821c4afaa2d995616161e68b"
            case .unreadable: "bdf6f4543c4b4ee884ff7126498f5477"
            case .scanned: "551f49c3fd4247c69f8689df6ccfc5b0"
            case .seen: "01b92bd38f6f46bcb639c19a641b1c54"
            case .profilePrepared: "61f8cee37d1641dfbc28337b2e21229f"
            case .profileUnusable: "fd92de737e614fd8bfba1a91b9a7a549"
            case .done: "1ab94d67c75c4b549ab9bd24a57dc556"
            case .failed: "48c6008ed5704ceb87b57ef88d4bbea6"
            case .learned: "ea9417a850a443c79ef11200d386f37d"
            case .learnedStands: "55265d7dbca54ad69ab8f56e72ef91cb"
            case .learningFailed: "6e418e66066242449ef2a22875937c47"
            case .learnedLost: "3ca196557d4c47328eb4b544a2a60727"
            case .retrying: "d185b653f9ef4ea4ad16cf1a76f5c45d"
            case .ignored: "a4dcd5179d9446c487cc90961733a899"
            case .workerLost: "7d1c9a52e0b34f5c8a6e41d2937bf0c8"
            case .paused: "d2bffacbc8da40f980ec4fd4feb5d95e"
            case .resumed: "7fdec5ae1dec43c196a7cf31b1f6c3a2"
            case .reloaded: "1b80c58a1e874016ada6a105c195f5d3"
            case .reloadRefused: "989ac99ca25e407c994f5c5c9ae2de57"
            case .stalled: "cd53cf08df2d4082abe37548624021d3"
            case .forgotten: "241de7bb304349868f75c2ac5b7b182d"
            case .trouble: "5437c8c272934a15aa14c1c168200d45"
            }
        }
    }
}
