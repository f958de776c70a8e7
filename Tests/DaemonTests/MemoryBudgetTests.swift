import Daemon
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct MemoryBudgetTests {
    /// What was admitted, in order.
    private final class Order: Sendable {
        let names = Mutex<[String]>([])
        func append(_ name: String) { names.withLock { $0.append(name) } }
        var all: [String] { names.withLock { $0 } }
    }

    private func waiting(_ budget: MemoryBudget, _ bytes: Int, _ name: String, _ order: Order) async -> Task<
        MemoryBudget.Share?, Never
    > {
        let before = budget.waiting
        let task = Task { () -> MemoryBudget.Share? in
            let share = try? await budget.take(bytes)
            if share != nil { order.append(name) }
            return share
        }
        while budget.waiting == before, !order.all.contains(name) { await Task.yield() }
        return task
    }

    @Test("Shares are given in turn: a small one does not pass a large one that waits")
    func inTurn() async throws {
        let budget = MemoryBudget(bytes: 100)
        let order = Order()
        let first = try await budget.take(60)
        let large = await waiting(budget, 80, "large", order)
        let small = await waiting(budget, 10, "small", order)
        #expect(order.all == [])
        #expect(budget.taken == 60)
        budget.release(first)
        let shares = [await large.value, await small.value].compactMap { $0 }
        #expect(Set(order.all) == ["large", "small"] && budget.taken == 90)
        for share in shares { budget.release(share) }
        #expect(budget.taken == 0)
    }

    @Test("More than the whole budget is refused, also where the budget becomes smaller while it waits")
    func tooLarge() async throws {
        let budget = MemoryBudget(bytes: 100)
        await #expect(throws: MemoryBudget.Refusal.tooLarge(total: 100)) { try await budget.take(101) }
        let first = try await budget.take(100)
        let order = Order()
        let second = await waiting(budget, 90, "second", order)
        budget.resize(bytes: 80)
        budget.release(first)
        #expect(await second.value == nil)
        #expect(budget.taken == 0)
    }

    @Test("A stop refuses those that wait and those that come")
    func closed() async throws {
        let budget = MemoryBudget(bytes: 100)
        let first = try await budget.take(100)
        let order = Order()
        let second = await waiting(budget, 1, "second", order)
        budget.close()
        #expect(await second.value == nil)
        budget.release(first)
        await #expect(throws: MemoryBudget.Refusal.closed) { try await budget.take(1) }
    }
}
