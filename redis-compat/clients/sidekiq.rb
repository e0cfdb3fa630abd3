# Sidekiq (Debian's ruby-sidekiq) with a worker process of its own: jobs, bulk, delays, retries, the dead set, queues, statistics.
# The server comes from on_server.sh; the worker loads this same file.
require 'sidekiq'
require 'sidekiq/api'
Redis.silence_deprecations = true
ENV['REDIS_URL'] = "redis://127.0.0.1:#{ENV['PORT']}/0"
def store = (@store ||= Redis.new(port: ENV['PORT'].to_i))

class Add
  include Sidekiq::Worker
  def perform(a, b) = store.rpush('sums', a + b)
end

class Flaky
  include Sidekiq::Worker
  sidekiq_options retry: 5
  sidekiq_retry_in { 1 }
  def perform = (raise 'again' if store.incr('tries') < 3)
end

class Bad
  include Sidekiq::Worker
  sidekiq_options retry: 0, dead: true, queue: 'low'
  def perform = raise('never')
end

class Slow
  include Sidekiq::Worker
  def perform = (store.incr('slow:started'); sleep 30)
end

if Sidekiq.server?
  Sidekiq.options[:average_scheduled_poll_interval] = 1
  Sidekiq.options[:poll_interval_average] = 1
else
  $bad = 0
  def check(name, good, seen = nil)
    $bad += 1 unless good
    puts((good ? 'ok ' : 'not ok ') + name + (good || seen.nil? ? '' : " #{seen.inspect}"))
    $stdout.flush
  end
  def till(seconds = 30)
    stop = Time.now + seconds
    while Time.now < stop
      return true if yield
      sleep 0.05
    end
    false
  end
  Add.perform_async(1, 2)
  check 'sidekiq: a queued job', Sidekiq::Queue.new.size == 1 && Sidekiq::Queue.new.first.args == [1, 2]
  Sidekiq::Client.push_bulk('class' => Add, 'args' => (0...100).map { |i| [i, i] })
  check 'sidekiq: in bulk', Sidekiq::Queue.new.size == 101
  at = Time.now
  Add.perform_in(2, 1000, 0)
  check 'sidekiq: a scheduled job', Sidekiq::ScheduledSet.new.size == 1
  gone = Add.perform_in(100, 0, 0)
  Sidekiq::ScheduledSet.new.find_job(gone).delete
  check 'sidekiq: a scheduled job is taken back', Sidekiq::ScheduledSet.new.size == 1
  Flaky.perform_async
  Bad.perform_async
  command = ['sidekiq', '-r', File.expand_path(__FILE__), '-c', '4', '-q', 'default,2', '-q', 'low', '-t', '5']
  worker = spawn(*command, out: "#{ENV['DIR']}/worker.log", err: [:child, :out])
  begin
    check 'sidekiq: 101 jobs are done', till { store.llen('sums') >= 101 }, store.llen('sums')
    check 'sidekiq: the scheduled one too, later', till { store.lpos('sums', '1000') } && Time.now - at >= 2
    check 'sidekiq: retries', till { store.get('tries') == '3' } && till { Sidekiq::RetrySet.new.size.zero? }, store.get('tries')
    check 'sidekiq: the dead set', till { Sidekiq::DeadSet.new.size == 1 } && Sidekiq::DeadSet.new.first.klass == 'Bad'
    Sidekiq::DeadSet.new.first.retry
    check 'sidekiq: the dead one dies again', till { Sidekiq::DeadSet.new.size == 1 && Sidekiq::Queue.new('low').size.zero? }
    check 'sidekiq: processes report', till { Sidekiq::ProcessSet.new.size == 1 } && Sidekiq::ProcessSet.new.first['concurrency'] == 4
    check 'sidekiq: statistics', till { s = Sidekiq::Stats.new; s.processed >= 105 && s.failed >= 4 && s.enqueued.zero? }, Sidekiq::Stats.new.processed
    check 'sidekiq: history', Sidekiq::Stats::History.new(1).processed.values.sum >= 105
    Slow.perform_async
    till { store.get('slow:started') == '1' }
    Process.kill('TERM', worker)
    Process.wait(worker)
    worker = nil
    check 'sidekiq: an unfinished job goes back to its queue', Sidekiq::Queue.new.size == 1 && Sidekiq::Queue.new.first.klass == 'Slow'
    Sidekiq::Queue.new.clear
    check 'sidekiq: a queue is cleared', Sidekiq::Queue.new.size.zero? && Sidekiq::Queue.all.map(&:name).sort - %w[default low] == []
  ensure
    Process.kill('KILL', worker) if worker
    puts File.read("#{ENV['DIR']}/worker.log").lines.last(20) if $bad > 0
  end
  exit($bad.zero? ? 0 : 1)
end
