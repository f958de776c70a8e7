import Daemon
import Testing

@Suite struct LearningProgressTests {
    /// A progress that expectations can ask.
    private final class Held {
        var progress = LearningProgress()
        let policy: LearningPolicy

        /// Nothing is lost, and `captures` captures were transferred since a learning.
        init(captures: Int = 0, learnAfter: Int = 4) {
            policy = LearningPolicy(learnAfter: learnAfter)
            _ = progress.read(lost: nil, deaths: 0, captures: captures)
        }

        func asks(counted: Int) -> Bool { progress.asks(policy, counted: counted) }
        func mayBeDue() -> Bool { progress.mayBeDue(policy) }
        func read(lost: String?, captures: Int) -> Bool { progress.read(lost: lost, deaths: 0, captures: captures) }
        func transferred() { progress.transferred() }
        func isDueAgain() -> Bool { progress.isDueAgain(policy) }
        func begins(at time: Double) { progress.begins(at: time) }
        func ends(isHopeless: Bool = false) { progress.ends(isHopeless: isHopeless) }
    }

    @Test("It is asked for once, when so many captures were transferred, and again after as many more")
    func onceAsked() {
        let progress = Held(captures: 3)
        #expect(!progress.asks(counted: 3))
        progress.transferred()
        #expect(progress.asks(counted: 4))
        #expect(!progress.asks(counted: 4), "it waits for its turn already")
        progress.begins(at: 10)
        for count in 1...4 {
            progress.transferred()
            #expect(!progress.asks(counted: count), "it is under way")
        }
        progress.ends()
        #expect(progress.asks(counted: 4))
    }

    @Test("Captures that end during a learning and ask for nothing make the next one due, if they are enough")
    func dueAgain() {
        let progress = Held(captures: 4)
        #expect(progress.asks(counted: 4))
        progress.begins(at: 10)
        for _ in 1...3 { progress.transferred() }
        progress.ends()
        #expect(!progress.isDueAgain())
        progress.begins(at: 20)
        for _ in 1...4 { progress.transferred() }
        #expect(!progress.isDueAgain(), "it is under way")
        progress.ends()
        #expect(progress.isDueAgain() && progress.asks(counted: 4))
        #expect(!progress.isDueAgain(), "it waits for its turn")
    }

    @Test("A capture that was counted twice is found when they are counted anew")
    func countedTwice() {
        let progress = Held()
        // A reading that counted others than had been told of, and then told of one that it counted.
        progress.transferred()
        _ = progress.read(lost: nil, captures: 3)
        progress.transferred()
        #expect(progress.mayBeDue() && !progress.asks(counted: 3))
        #expect(progress.asks(counted: 4))
    }

    @Test("What is lost is said once and asked for at the next capture, also if it was lost during a learning")
    func lost() {
        let progress = Held(captures: 4)
        #expect(progress.asks(counted: 4))
        progress.begins(at: 10)
        #expect(progress.read(lost: "a", captures: 0))
        progress.transferred()
        #expect(!progress.asks(counted: 1))
        progress.ends()
        #expect(!progress.read(lost: "a", captures: 1))
        #expect(progress.asks(counted: 1))
    }

    @Test("What is lost and cannot be learned waits for its turn, counted from the last attempt")
    func hopeless() {
        let progress = Held(captures: 1)
        #expect(progress.read(lost: "a", captures: 1))
        #expect(progress.asks(counted: 1))
        progress.begins(at: 10)
        progress.ends(isHopeless: true)
        // The attempt could not be written down.
        #expect(progress.progress.begin(recorded: 3) == 10 && progress.progress.begin(recorded: 12) == 12)
        #expect(!progress.read(lost: "a", captures: 1))
        #expect(!progress.asks(counted: 3) && !progress.mayBeDue())
        for _ in 1...3 { progress.transferred() }
        #expect(progress.asks(counted: 4))
        progress.begins(at: 20)
        progress.ends()
        #expect(progress.progress.begin(recorded: 3) == 3)
    }

    /// Files that come and go while captures end and learnings run: whatever the order, the first capture that ends
    /// after the files were lost and the learning was through asks for them, and a loss is said once.
    @Test("No loss is missed, whatever goes on meanwhile", arguments: 1...200)
    func random(seed: UInt64) {
        var generator = Generator(state: seed)
        let progress = Held(learnAfter: 1000)
        // Whether it is on disk, whether the last reading found it lost, and whether the files are those of that reading.
        var (isThere, wasSaid, isRead) = (true, false, false)
        var isUnderWay = false
        for step in 0..<200 {
            switch generator.next() % 6 {
            case 0: (isThere, isRead) = (false, false)
            case 1 where isUnderWay:
                // It ends: what stands is left as it is, what is new is written.
                if generator.next() % 2 == 0 { isThere = true }
                isRead = false
                progress.ends()
                isUnderWay = false
            default:
                if !isRead {
                    let isNews = progress.read(lost: isThere ? nil : "a", captures: 0)
                    #expect(isNews == (!isThere && !wasSaid), "seed \(seed), step \(step)")
                    (wasSaid, isRead) = (!isThere, true)
                }
                let asks = progress.asks(counted: 1)
                progress.transferred()
                if isUnderWay {
                    #expect(!asks)
                    continue
                }
                let asksNow = asks || progress.asks(counted: 1)
                #expect(asksNow == !isThere, "seed \(seed), step \(step)")
                if asksNow {
                    progress.begins(at: Double(step))
                    isUnderWay = true
                }
            }
        }
    }

    private struct Generator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 33
        }
    }
}
