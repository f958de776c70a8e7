import Foundation
import Synchronization

/// The kernel's file events for all roots, each root's in a mailbox of its own.
///
/// There is one hub per process, and one thread that waits for events. A watch stands for a directory, not for a path;
/// where that directory is stands in ``InotifyTree``.
public final class InotifyHub: Sendable {
    public static let shared = InotifyHub()

    fileprivate struct State: Sendable {
        var watches = InotifyShim()
        var tree = InotifyTree()
        var mailboxes: [Int: InotifyMailbox] = [:]
        var subscriptions = 0
        var hasThread = false
        var isReading = true
        var watchLimit = Int.max
    }

    private let state = Mutex(State())

    private init() {}

    // MARK: For root watchers

    enum Outcome: Equatable {
        case watched
        /// The directory, or the one around it, went away meanwhile; an event or a scan tells more.
        case gone
        /// No watch can be had; a reason with what to do.
        case refused(String)
    }

    enum Subscription {
        /// The new subscriber's number, with its mailbox; it has no watches yet.
        case given(Int, InotifyMailbox)
        /// Events cannot be had; a reason with what to do.
        case refused(String)
    }

    func subscribe() -> Subscription {
        state.withLock { state in
            if let reason = state.watches.open() { return .refused(reason) }
            if !state.hasThread {
                Thread.detachNewThread { [self] in readForEver() }
                state.hasThread = true
            }
            state.subscriptions += 1
            let mailbox = InotifyMailbox()
            state.mailboxes[state.subscriptions] = mailbox
            return .given(state.subscriptions, mailbox)
        }
    }

    /// Ends a subscription and all of its watches.
    func unsubscribe(_ id: Int) {
        state.withLock { state in
            state.mailboxes[id] = nil
            if state.mailboxes.isEmpty {
                state.close()
            } else {
                // Watches that have ended by themselves must not be removed.
                state.read()
                state.watches.remove(state.tree.removeAll(of: id))
            }
        }
    }

    /// Watches a directory that is open; a directory that is watched under this path already costs nothing.
    func watch(_ descriptor: Int32, _ path: CapturePath?, for id: Int) -> Outcome {
        state.withLock { state in
            guard state.watches.isOpen, state.mailboxes[id] != nil else { return .gone }
            var status = stat()
            guard fstat(descriptor, &status) == 0 else { return .gone }
            let identity = InotifyTree.Identity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
            if state.tree.holds(path, identity, of: id) { return .watched }
            guard state.tree.count < state.watchLimit else { return .refused(InotifyLimits.watchRefusal(ENOSPC)) }
            switch state.watches.watch(descriptor) {
            case .set(let watch):
                let (isPlaced, unneeded) = state.tree.place(watch, path, identity, of: id)
                state.watches.remove(unneeded)
                return isPlaced ? .watched : .gone
            case .gone: return .gone
            case .refused(let reason): return .refused(reason)
            }
        }
    }

    // MARK: For tests

    /// Stops and resumes the fetching of events, as if the process stood still.
    package func setReading(_ isReading: Bool) {
        state.withLock { state in
            state.isReading = isReading
            state.watches.wake()
        }
    }

    /// Refuses watches beyond a number, as the kernel does beyond its own limit; nil lifts it.
    package func setWatchLimit(_ limit: Int?) { state.withLock { $0.watchLimit = limit ?? .max } }

    package var watchCount: Int { state.withLock { $0.tree.count } }

    // MARK: Reading

    private func readForEver() {
        while true {
            let wait = state.withLock { $0.watches.wait(hearing: $0.isReading) }
            wait()
            // In parts, so that nobody who wants the lock waits for a long queue.
            while !state.withLock({ state in
                state.watches.isOpen && state.isReading ? state.read(atMost: 512) : true
            }) {}
        }
    }
}

extension InotifyHub.State {
    /// Takes the events up to now, or a part of them (false).
    @discardableResult
    mutating func read(atMost limit: Int = .max) -> Bool {
        var count = 0
        while count < limit {
            switch watches.next() {
            case .event(let event):
                let changes = tree.take(event.watch, event.mask, event.cookie, event.name)
                for change in changes { mailboxes[change.subscriber]?.post(change.mail) }
            case .lost: break
            case .end:
                watches.remove(tree.removeDetached())
                return true
            case .overrun:
                renew(.overflow)
                return true
            case .worn:
                renew(.renewed)
                return true
            }
            count += 1
        }
        return false
    }

    /// Starts anew with no watches; everybody has to scan and watch again.
    private mutating func renew(_ mail: InotifyMailbox.Mail) {
        close()
        let isOpen = watches.open() == nil
        for mailbox in mailboxes.values { mailbox.post(isOpen ? mail : .rootGone) }
    }

    mutating func close() {
        watches.close()
        tree = InotifyTree()
    }
}
