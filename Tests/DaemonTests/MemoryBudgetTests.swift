import Daemon
import NCTEngine
import Testing

@Suite(.timeLimit(.minutes(15))) struct MemoryBudgetTests {
    @Test("Seven eighths are the most that one may take, so that ordinary captures go on beside the largest")
    func largest() throws {
        let budget = MemoryBudget(bytes: 800)
        #expect(throws: MemoryBudget.Refusal.tooLarge(largest: 700)) { try budget.take(701) }
        let large = try budget.take(700)
        _ = try budget.take(100)
        #expect(throws: MemoryBudget.Refusal.full) { try budget.take(1) }
        budget.release(large)
        #expect(budget.taken == 100)
    }

    @Test("While older ones keep the expected capture out, others pass; then none may that would keep it out")
    func passing() throws {
        let budget = MemoryBudget(bytes: 800)
        let older = try budget.take(500)
        #expect(throws: MemoryBudget.Refusal.full) { try budget.take(600, for: 1) }
        budget.expect((1, 600))
        // The older one keeps it out: what fits passes.
        let passing = try budget.take(250)
        #expect(budget.room == 50)
        budget.release(older)
        // Now only the one that passed does: another one would keep it out longer.
        #expect(throws: MemoryBudget.Refusal.full) { try budget.take(10) }
        budget.release(passing)
        // What is left beside it is for all.
        #expect(budget.room == 200)
        let beside = try budget.take(200)
        let expected = try budget.take(600, for: 1)
        #expect(budget.taken == 800)
        budget.release(expected)
        budget.release(beside)
        #expect(budget.taken == 0 && budget.room == 800)
    }

    @Test("An expected capture that is no longer there gives its place up")
    func gone() throws {
        let budget = MemoryBudget(bytes: 800)
        let first = try budget.take(300)
        budget.expect((1, 600))
        #expect(budget.room == 500)
        budget.release(first)
        #expect(budget.room == 200)
        budget.expect(nil)
        #expect(budget.room == 800)
    }

    /// Captures of all sizes come without end; each waits as the dispatcher lets it: the one that waits longest has the
    /// place, the others try in any order.
    @Test("No order of arrivals lets a capture wait for ever, and never is more taken than there is", arguments: 1...40)
    func fair(seed: Int) throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        let budget = MemoryBudget(bytes: 800)
        var waiting: [(id: Int64, bytes: Int, since: Int)] = []
        var inWork: [(share: MemoryBudget.Share, until: Int)] = []
        var longest = 0
        for step in 0..<3000 {
            // More arrives than can be done, most of it small.
            if waiting.count < 30 {
                let bytes =
                    Int.random(in: 0..<10, using: &generator) == 0 ? 700 : Int.random(in: 1...150, using: &generator)
                waiting.append((Int64(step), bytes, step))
            }
            for work in inWork where work.until <= step { budget.release(work.share) }
            inWork.removeAll { $0.until <= step }
            budget.expect(waiting.first.map { ($0.id, $0.bytes) })
            for id in waiting.map(\.id).shuffled(using: &generator) {
                guard let index = waiting.firstIndex(where: { $0.id == id }),
                    let share = try? budget.take(waiting[index].bytes, for: id)
                else { continue }
                inWork.append((share, step + Int.random(in: 1...20, using: &generator)))
                longest = max(longest, step - waiting[index].since)
                waiting.remove(at: index)
                budget.expect(waiting.first.map { ($0.id, $0.bytes) })
            }
            #expect(budget.taken <= 800 && budget.taken == inWork.map(\.share.bytes).reduce(0, +))
        }
        // Each that was before it takes its 20 steps, twice: to end, and for what passed meanwhile.
        #expect(longest <= 30 * 40, "one waited \(longest) steps")
        #expect(waiting.allSatisfy { 3000 - $0.since <= 30 * 40 })
    }

    @Test("Who waits for a change hears of what is given back, of another budget, and of the end")
    func changes() async throws {
        let budget = MemoryBudget(bytes: 800)
        let share = try budget.take(700)
        for change in [{ budget.release(share) }, { budget.resize(bytes: 900) }, { budget.close() }] {
            let before = budget.changes
            let waiter = Task { await budget.change(after: before) }
            change()
            await waiter.value
        }
        #expect(throws: MemoryBudget.Refusal.closed) { try budget.take(1) }
    }
}
