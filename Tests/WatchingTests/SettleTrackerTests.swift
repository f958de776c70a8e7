import Testing
import Watching

@Suite struct SettleTrackerTests {
    private let start = ContinuousClock.now

    private func stamp(_ size: Int64, modified: Int64 = 0) -> FileStamp {
        FileStamp(device: 1, inode: 2, size: size, modifiedNanoseconds: modified)
    }

    @Test("A file is quiet when nothing changed for the settle time, not before")
    func settling() {
        var tracker = SettleTracker(settle: .seconds(2), patience: .seconds(60), stamp: stamp(1), at: start)
        #expect(tracker.observe(stamp(1), at: start) == .settling(until: start + .seconds(2)))
        #expect(tracker.observe(stamp(1), at: start + .seconds(1.9)) == .settling(until: start + .seconds(2)))
        #expect(tracker.observe(stamp(1), at: start + .seconds(2)) == .quiet)
    }

    @Test("Size, time and inode each start the wait anew")
    func changes() {
        var tracker = SettleTracker(settle: .seconds(2), patience: .seconds(60), stamp: stamp(1), at: start)
        var other = stamp(2, modified: 5)
        var at = start + .seconds(1)
        for step in 0..<3 {
            if step == 1 { other.modifiedNanoseconds = 4 }
            if step == 2 { other.inode = 9 }
            #expect(tracker.observe(other, at: at) == .settling(until: at + .seconds(2)))
            at += .seconds(1)
        }
        #expect(tracker.observe(other, at: at + .seconds(1)) == .quiet)
    }

    @Test("Patience counts from the last change, and the looks grow rarer")
    func patience() {
        var tracker = SettleTracker(settle: .seconds(2), patience: .seconds(60), stamp: stamp(1), at: start)
        _ = tracker.observe(stamp(2), at: start + .seconds(100))
        let changed = start + .seconds(100)
        var at = changed + .seconds(2)
        var looks = 0
        while case .wait(let until) = tracker.incomplete(at: at) {
            #expect(until > at && until <= changed + .seconds(60))
            at = until
            looks += 1
        }
        #expect(at == changed + .seconds(60))
        #expect((5...15).contains(looks))
    }

    @Test("A settle time of zero is quiet at once")
    func zero() {
        var tracker = SettleTracker(settle: .zero, patience: .zero, stamp: stamp(1), at: start)
        #expect(tracker.observe(stamp(1), at: start) == .quiet)
        #expect(tracker.incomplete(at: start) == .exhausted)
    }
}
