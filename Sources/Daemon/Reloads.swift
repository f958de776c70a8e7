import Config
import Ledger
import ServiceLifecycle

/// Takes the configuration anew each time that it is asked for.
struct Reloads: Service {
    /// Each element asks for it.
    let requests: AsyncStream<Void>
    let ledger: Ledger
    let live: LiveConfiguration
    let supervisor: RootSupervisor
    let desks: [any DeskSource]
    let learning: LabLearning
    let memory: MemoryBudget
    /// Rung after each.
    let bells: [Doorbell]
    let log: EventLog
    let notifier: ServiceNotifier
    let onReload: @Sendable () -> Void

    func run() async {
        for await _ in requests {
            notifier.reloading()
            await reload()
            notifier.reloaded()
        }
    }

    private func reload() async {
        let old = live.configuration
        do {
            let new = try DaemonConfiguration.read(path: old.path)
            if let problem = Self.unchangeable(old, new) { return log.write(.reloadRefused(problems: [problem])) }
            let difference = try await supervisor.apply(new)
            onReload()
            for source in desks { await source.forget() }
            await learning.forget()
            memory.resize(bytes: new.memoryBytes)
            try await ledger.set(.memory, String(new.memoryBytes))
            log.write(
                .reloaded(
                    added: difference.added, removed: difference.removed, changed: difference.changed,
                    profiles: try await changedProfiles(old, new)))
        } catch let error as ConfigurationError {
            log.write(.reloadRefused(problems: error.problems.map(\.description)))
        } catch {
            log.write(.reloadRefused(problems: ["\(error)"]))
        }
        for bell in bells { await bell.ring() }
    }

    /// With how many results each has.
    private func changedProfiles(
        _ old: DaemonConfiguration, _ new: DaemonConfiguration
    ) async throws -> [DaemonEvent.ChangedProfile] {
        var profiles: [DaemonEvent.ChangedProfile] = []
        for (name, profile) in new.profiles.sorted(by: { $0.key < $1.key })
        where old.profiles[name].map({ $0.text != profile.text }) ?? false {
            let results = try await ledger.count(.init(state: .done, profile: name))
            profiles.append(.init(name: name, results: results))
        }
        return profiles
    }

    /// What a running daemon cannot change.
    private static func unchangeable(_ old: DaemonConfiguration, _ new: DaemonConfiguration) -> String? {
        guard old.stateDirectory != new.stateDirectory else { return nil }
        return
            "\(new.path): daemon.state_directory: was \(old.stateDirectory) when the daemon started and cannot change "
            + "while it runs; change it back, or restart the daemon"
    }
}
