import Ledger
import Synchronization

/// What is not worked on just now, and why: the trees and roots that are away, full, failing or silent, profiles that
/// cannot be prepared, and the machine itself. Each is said once when it begins and once when it ends, and stands in the ledger meanwhile.
package final class Pauses: Sendable {
    package enum Place: Sendable, Hashable {
        case machine
        case tree(WrittenTree)
        case root(Int64)
        case profile(String)
    }

    /// Whether work may begin at a place.
    package enum Verdict: Sendable, Equatable {
        case open
        /// After an error, one capture at a time shows whether it goes again.
        case trying
        /// Not before then, on the monotonic clock; milliseconds.
        case closed(until: Int64)
    }

    private struct Pause {
        var since: Double
        /// What a look at it shows; it ends by another look.
        var condition: String?
        /// It did not answer the look.
        var isSilent = false
        /// What an attempt met; it ends by an attempt that goes well.
        var trouble: String?
        var until: Int64 = 0
        var wait: Int64 = 500

        var reason: String? { condition ?? trouble }
    }

    private struct State {
        var pauses: [Place: Pause] = [:]
        var strikes = Strikes()
        /// How often captures were found to have changed, one look after the other.
        var changes: [Int64: Int] = [:]
        /// When a place last was silent.
        var silentAt: [Place: Int64] = [:]
    }

    private let state = Mutex(State())
    private let clock: any DaemonClock
    private let log: EventLog
    /// For a person.
    private let name: @Sendable (Place) -> String
    /// All pauses after each change.
    package let changes: AsyncStream<[PauseRow]>
    private let change: AsyncStream<[PauseRow]>.Continuation

    /// How long a place is left alone after an error, at most.
    private static let longestWait: Int64 = 30_000

    package init(clock: any DaemonClock, log: EventLog, name: @escaping @Sendable (Place) -> String) {
        self.clock = clock
        self.log = log
        self.name = name
        (changes, change) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    // MARK: What is known of a place

    /// Notes what a look at a place shows; nil for nothing wrong.
    package func look(at place: Place, shows condition: String?, isSilent: Bool = false) {
        let now = clock.now
        update(place) { pause in
            // What an attempt met may have been this; the next one shows.
            if pause.condition != nil, condition == nil { pause.until = now.milliseconds }
            pause.condition = condition
            pause.isSilent = isSilent
            // Nobody has tried for long: there is nothing to try it with.
            if now.milliseconds > pause.until + 2 * Self.longestWait { pause.trouble = nil }
        }
        if isSilent { state.withLock { $0.silentAt[place] = now.milliseconds } }
    }

    /// Notes that an attempt met a place's trouble.
    package func met(_ trouble: String, at place: Place) {
        let now = clock.now.milliseconds
        update(place) { pause in
            // Captures that were in work together are one trial.
            guard now >= pause.until else { return pause.trouble = pause.trouble ?? trouble }
            pause.trouble = trouble
            pause.wait = min(pause.wait * 2, Self.longestWait)
            pause.until = now + pause.wait
        }
    }

    /// Notes that an attempt went well there, or that there is nothing to try it with.
    package func succeeded(at places: [Place]) {
        for place in places {
            state.withLock { $0.strikes.succeeded(at: place) }
            update(place) { $0.trouble = nil }
        }
    }

    /// Charges a capture with an error of a place, if others went well there meanwhile: then it is its own.
    ///
    /// - Returns: how many times in all, and how many times in all it met an error of a place.
    func charge(_ capture: Int64, at place: Place) -> (strikes: Int, meetings: Int) {
        state.withLock { $0.strikes.charge(capture, at: place) }
    }

    func acquit(_ capture: Int64) {
        state.withLock { state in
            state.strikes.acquit(capture)
            state.changes[capture] = nil
        }
    }

    /// Counts a look that found a capture changed; returns how many there were.
    func countChange(of capture: Int64) -> Int {
        state.withLock { state in
            if state.changes.count > 10_000 { state.changes = [:] }
            state.changes[capture, default: 0] += 1
            return state.changes[capture] ?? 0
        }
    }

    private func update(_ place: Place, _ body: (inout Pause) -> Void) {
        let now = clock.now
        // Within the lock, so that what is said is in order.
        state.withLock { state in
            var pause = state.pauses[place] ?? Pause(since: now.wall)
            let before = pause.reason
            body(&pause)
            state.pauses[place] = pause.reason == nil ? nil : pause
            guard before != pause.reason else { return }
            if before == nil, let reason = pause.reason {
                if case .profile(let profile) = place {
                    log.write(.profileUnusable(profile: profile, what: name(place), reason: reason))
                } else {
                    log.write(.paused(what: name(place), reason: reason))
                }
            } else if pause.reason == nil {
                log.write(.resumed(what: name(place)))
            }
            change.yield(rows(state))
        }
    }

    private func rows(_ state: State) -> [PauseRow] {
        state.pauses.map { place, pause in
            var row = PauseRow(what: name(place), reason: pause.reason ?? "", since: pause.since)
            if case .root(let id) = place { row.root = id }
            if case .profile(let profile) = place { row.profile = profile }
            return row
        }
        .sorted { ($0.since, $0.what) < ($1.since, $1.what) }
    }

    /// Ends pauses of profiles that nobody has tried for long: there is no capture to try them with.
    package func endUntriedProfiles() {
        let places = state.withLock { state in
            state.pauses.keys.filter { if case .profile = $0 { true } else { false } }
        }
        for place in places { look(at: place, shows: nil) }
    }

    // MARK: Asking

    /// Whether work may begin that needs all of some places.
    package func verdict(on places: [Place]) -> Verdict {
        let now = clock.now.milliseconds
        return state.withLock { state in
            var verdict = Verdict.open
            for pause in places.compactMap({ state.pauses[$0] }) {
                if pause.condition != nil { return .closed(until: now + 1000) }
                if pause.until > now { return .closed(until: pause.until) }
                verdict = .trying
            }
            return verdict
        }
    }

    /// Why a place is left alone just now, and for how many milliseconds; nil where it may be tried.
    func closure(of place: Place) -> (reason: String, left: Int64)? {
        guard case .closed(let until) = verdict(on: [place]) else { return nil }
        guard let reason = state.withLock({ $0.pauses[place]?.reason }) else { return nil }
        return (reason, max(1, until - clock.now.milliseconds))
    }

    /// True for a place that does not answer: what is in work there stands still through no fault of its own.
    package func isSilent(_ place: Place) -> Bool { state.withLock { $0.pauses[place]?.isSilent == true } }

    /// True for one that is silent, or was within so long.
    func wasSilent(_ place: Place, within milliseconds: Int64) -> Bool {
        let now = clock.now.milliseconds
        return state.withLock { $0.silentAt[place].map { now - $0 <= milliseconds } ?? false }
    }

    /// Forgets roots that are no longer watched, and all profiles: they may be others now.
    package func forget(rootsExcept kept: Set<Int64>) {
        let gone = state.withLock { state in
            state.pauses.keys.filter { place in
                switch place {
                case .root(let id): !kept.contains(id)
                case .profile: true
                case .machine, .tree: false
                }
            }
        }
        for place in gone {
            look(at: place, shows: nil)
            succeeded(at: [place])
        }
    }
}

/// Who is to blame for errors of a tree: the tree, while nothing goes well there; a capture, once others did between its
/// errors.
package struct Strikes: Sendable {
    private var successes: [Pauses.Place: Int] = [:]
    /// By capture, then by place: what went well elsewhere says nothing of an error.
    private var captures: [Int64: [Pauses.Place: (seen: Int, strikes: Int, meetings: Int)]] = [:]
    /// Past it all is forgotten, which only makes for more patience.
    private static let limit = 10_000

    package init() {}

    package mutating func succeeded(at place: Pauses.Place) { successes[place, default: 0] += 1 }

    package mutating func charge(_ capture: Int64, at place: Pauses.Place) -> (strikes: Int, meetings: Int) {
        if captures.count >= Self.limit { captures = [:] }
        let now = successes[place] ?? 0
        var entry = captures[capture]?[place] ?? (now, 0, 0)
        if now > entry.seen { entry.strikes += 1 }
        entry.seen = now
        entry.meetings += 1
        captures[capture, default: [:]][place] = entry
        return (entry.strikes, entry.meetings)
    }

    package mutating func acquit(_ capture: Int64) { captures[capture] = nil }
}
