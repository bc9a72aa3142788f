BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0006');
CREATE TABLE attempt (
	id INTEGER NOT NULL, 
	step_id INTEGER NOT NULL, 
	token INTEGER NOT NULL, 
	run_id VARCHAR NOT NULL, 
	worker_pid INTEGER, 
	worker_started FLOAT, 
	started_at FLOAT NOT NULL, 
	ended_at FLOAT, 
	outcome VARCHAR, 
	exit_code BIGINT, 
	error_class VARCHAR, 
	error_text VARCHAR, 
	peak_memory BIGINT, 
	seconds FLOAT, 
	PRIMARY KEY (id), 
	FOREIGN KEY(step_id) REFERENCES step (id) ON DELETE CASCADE
);
INSERT INTO "attempt" VALUES(1,1,1,'run-1',NULL,NULL,1700000000.0,1700000000.0,'succeeded',NULL,NULL,NULL,NULL,1.0);
INSERT INTO "attempt" VALUES(2,3,1,'run-1',NULL,NULL,1700000000.0,1700000000.0,'failed',1,'WorkerDied','It died.',NULL,NULL);
INSERT INTO "attempt" VALUES(3,5,1,'run-1',NULL,NULL,1700000000.0,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE control (
	"key" VARCHAR NOT NULL, 
	value JSON, 
	PRIMARY KEY ("key")
);
INSERT INTO "control" VALUES('paused','true');
CREATE TABLE daemon (
	run_id VARCHAR NOT NULL, 
	pid INTEGER NOT NULL, 
	pid_started FLOAT NOT NULL, 
	host VARCHAR NOT NULL, 
	boot_id VARCHAR NOT NULL, 
	started_at FLOAT NOT NULL, 
	heartbeat_at FLOAT NOT NULL, 
	stopped_at FLOAT, 
	notes JSON NOT NULL, 
	PRIMARY KEY (run_id)
);
INSERT INTO "daemon" VALUES('run-1',7,1.5,'here','boot',1700000000.0,1700000001.0,NULL,'["A note: a\u00e7\u00e3o \ud83c\udfac."]');
CREATE TABLE event (
	id INTEGER NOT NULL, 
	job_id INTEGER NOT NULL, 
	at FLOAT NOT NULL, 
	level VARCHAR NOT NULL, 
	text VARCHAR NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(job_id) REFERENCES job (id) ON DELETE CASCADE
);
INSERT INTO "event" VALUES(1,1,1700000000.0,'info','Found: /inbox/claiming ação 🎬.mp4');
INSERT INTO "event" VALUES(2,2,1700000000.0,'info','Found: /inbox/running.mp4');
INSERT INTO "event" VALUES(3,2,1700000000.0,'info','Picked up and queued');
INSERT INTO "event" VALUES(4,2,1700000000.0,'debug','probe started');
INSERT INTO "event" VALUES(5,2,1700000000.0,'debug','probe succeeded');
INSERT INTO "event" VALUES(6,3,1700000000.0,'info','Found: /inbox/broken.mp4');
INSERT INTO "event" VALUES(7,3,1700000000.0,'info','Picked up and queued');
INSERT INTO "event" VALUES(8,3,1700000000.0,'debug','probe started');
INSERT INTO "event" VALUES(9,3,1700000000.0,'error','probe failed: It died.');
INSERT INTO "event" VALUES(10,4,1700000000.0,'info','Found: /inbox/under way.mp4');
INSERT INTO "event" VALUES(11,4,1700000000.0,'info','Picked up and queued');
INSERT INTO "event" VALUES(12,4,1700000000.0,'debug','probe started');
INSERT INTO "event" VALUES(13,5,1700000000.0,'info','Found: /inbox/waiting.mp4');
INSERT INTO "event" VALUES(14,5,1700000000.0,'info','Picked up and queued');
INSERT INTO "event" VALUES(15,5,1700000000.0,'warning','Waiting. Little space.');
INSERT INTO "event" VALUES(16,6,1700000000.0,'info','Found: /inbox/queued.mp4');
INSERT INTO "event" VALUES(17,6,1700000000.0,'info','Picked up and queued');
INSERT INTO "event" VALUES(18,7,1700000000.0,'info','Found: /inbox/ending.mp4');
INSERT INTO "event" VALUES(19,7,1700000000.0,'info','Picked up and queued');
INSERT INTO "event" VALUES(20,7,1700000000.0,'debug','Ending: failed');
INSERT INTO "event" VALUES(21,8,1700000000.0,'info','Found: /inbox/succeeded.mp4');
INSERT INTO "event" VALUES(22,8,1700000000.0,'info','Picked up and queued');
INSERT INTO "event" VALUES(23,8,1700000000.0,'debug','Ending: succeeded');
INSERT INTO "event" VALUES(24,8,1700000000.0,'info','Succeeded.');
INSERT INTO "event" VALUES(25,9,1700000000.0,'info','Found: /inbox/failed.mp4');
INSERT INTO "event" VALUES(26,9,1700000000.0,'info','Picked up and queued');
INSERT INTO "event" VALUES(27,9,1700000000.0,'debug','Ending: failed');
INSERT INTO "event" VALUES(28,9,1700000000.0,'error','Failed. It broke.');
INSERT INTO "event" VALUES(29,10,1700000000.0,'info','Found: /inbox/cancelled.mp4');
INSERT INTO "event" VALUES(30,10,1700000000.0,'info','Picked up and queued');
INSERT INTO "event" VALUES(31,10,1700000000.0,'debug','Ending: cancelled');
INSERT INTO "event" VALUES(32,10,1700000000.0,'warning','Cancelled. It broke.');
INSERT INTO "event" VALUES(33,11,1700000000.0,'info','Requested and queued');
INSERT INTO "event" VALUES(34,12,1700000000.0,'info','Requested and queued');
INSERT INTO "event" VALUES(35,13,1700000000.0,'info','Found: /inbox/told.mp4');
INSERT INTO "event" VALUES(36,13,1700000000.0,'info','Picked up and queued');
INSERT INTO "event" VALUES(37,13,1700000000.0,'debug','Ending: succeeded');
INSERT INTO "event" VALUES(38,13,1700000000.0,'info','Succeeded.');
CREATE TABLE job (
	id INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	origin VARCHAR NOT NULL, 
	source VARCHAR NOT NULL, 
	sidecar VARCHAR, 
	given_path VARCHAR, 
	device BIGINT, 
	inode VARCHAR, 
	size BIGINT, 
	mtime_ns BIGINT, 
	profile VARCHAR, 
	overrides JSON NOT NULL, 
	options JSON NOT NULL, 
	state VARCHAR NOT NULL, 
	round INTEGER NOT NULL, 
	reason VARCHAR, 
	remedy VARCHAR, 
	waiting_for VARCHAR, 
	cancel_requested BOOLEAN NOT NULL, 
	verdict VARCHAR, 
	destination VARCHAR, 
	kind VARCHAR, 
	content_hash VARCHAR, 
	dup_of INTEGER, 
	duration_s FLOAT, 
	language VARCHAR, 
	published VARCHAR, 
	outputs JSON NOT NULL, 
	warnings JSON NOT NULL, 
	interruptions INTEGER NOT NULL, 
	created_at FLOAT NOT NULL, 
	started_at FLOAT, 
	finished_at FLOAT, companion VARCHAR, revision JSON, sidecar_seen JSON, companion_seen JSON, owner VARCHAR, folder VARCHAR, staging VARCHAR, request JSON, request_key VARCHAR, batch VARCHAR, priority INTEGER DEFAULT '2' NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "job" VALUES(1,'claiming ação 🎬.mp4','dropped','/inbox/claiming ação 🎬.mp4',NULL,NULL,1,'1',10,5,NULL,'{}','{}','claiming',1,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'[]','[]',0,1700000000.0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,2);
INSERT INTO "job" VALUES(2,'running.mp4','dropped','/work/2',NULL,NULL,1,'2',10,5,NULL,'{}','{}','running',1,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'[]','[]',0,1700000000.0,1700000000.0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,2);
INSERT INTO "job" VALUES(3,'broken.mp4','dropped','/work/3',NULL,NULL,1,'3',10,5,NULL,'{}','{}','running',1,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'[]','[]',0,1700000000.0,1700000000.0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,2);
INSERT INTO "job" VALUES(4,'under way.mp4','dropped','/work/4',NULL,NULL,1,'4',10,5,NULL,'{}','{}','running',1,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'[]','[]',0,1700000000.0,1700000000.0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,2);
INSERT INTO "job" VALUES(5,'waiting.mp4','dropped','/work/5',NULL,NULL,1,'5',10,5,NULL,'{}','{}','waiting',1,'Little space.','Free some.','disk',0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'[]','[]',0,1700000000.0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,2);
INSERT INTO "job" VALUES(6,'queued.mp4','dropped','/work/6',NULL,NULL,1,'6',10,5,NULL,'{}','{"targets": ["pt"]}','queued',1,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'[]','[]',0,1700000000.0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,2);
INSERT INTO "job" VALUES(7,'ending.mp4','dropped','/work/7',NULL,NULL,1,'7',10,5,NULL,'{}','{}','queued',1,'It broke.',NULL,NULL,0,'failed','/failed/ending.mp4',NULL,NULL,NULL,NULL,NULL,NULL,'[]','[]',0,1700000000.0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,2);
INSERT INTO "job" VALUES(8,'succeeded.mp4','dropped','/succeeded/succeeded.mp4',NULL,NULL,1,'8',10,5,NULL,'{}','{}','succeeded',1,NULL,NULL,NULL,0,'succeeded','/succeeded/succeeded.mp4',NULL,NULL,NULL,NULL,NULL,NULL,'[]','[]',0,1700000000.0,NULL,1700000000.0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,2);
INSERT INTO "job" VALUES(9,'failed.mp4','dropped','/failed/failed.mp4',NULL,NULL,1,'9',10,5,NULL,'{}','{}','failed',1,'It broke.',NULL,NULL,0,'failed','/failed/failed.mp4',NULL,NULL,NULL,NULL,NULL,NULL,'[]','[]',0,1700000000.0,NULL,1700000000.0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,2);
INSERT INTO "job" VALUES(10,'cancelled.mp4','dropped','/cancelled/cancelled.mp4',NULL,NULL,1,'10',10,5,NULL,'{}','{}','cancelled',1,'It broke.',NULL,NULL,0,'cancelled','/cancelled/cancelled.mp4',NULL,NULL,NULL,NULL,NULL,NULL,'[]','[]',0,1700000000.0,NULL,1700000000.0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,2);
INSERT INTO "job" VALUES(11,'Olá.','asked','',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'{}','{}','queued',1,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'[]','[]',0,1700000000.0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'{"what": "say", "params": {"text": "Ol\u00e1."}}','key-1','batch-1',0);
INSERT INTO "job" VALUES(12,'talk-000001','asked','',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'{}','{}','queued',1,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'[]','[]',0,1700000000.0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'{"what": "say", "params": {"text": "Ol\u00e1."}}',NULL,NULL,1);
INSERT INTO "job" VALUES(13,'told.mp4','dropped','/archive/told.mp4',NULL,NULL,1,'11',10,5,NULL,'{}','{}','succeeded',1,NULL,NULL,NULL,0,'succeeded','/succeeded/told.mp4',NULL,NULL,NULL,NULL,NULL,NULL,'[]','[]',0,1700000000.0,NULL,1700000000.0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,2);
CREATE TABLE line (
	job_id INTEGER NOT NULL, 
	monitor VARCHAR NOT NULL, 
	number INTEGER NOT NULL, 
	state VARCHAR NOT NULL, 
	PRIMARY KEY (job_id), 
	UNIQUE (monitor, number), 
	FOREIGN KEY(job_id) REFERENCES job (id) ON DELETE CASCADE
);
INSERT INTO "line" VALUES(12,'talk',1,'waiting');
CREATE TABLE monitor (
	name VARCHAR NOT NULL, 
	path VARCHAR NOT NULL, 
	identity VARCHAR NOT NULL, 
	"offset" BIGINT NOT NULL, 
	mark VARCHAR NOT NULL, 
	encoding VARCHAR NOT NULL, 
	lines INTEGER NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "monitor" VALUES('talk','/talk.txt','7:1234',6,'5f','utf-8',1);
CREATE TABLE notice (
	id VARCHAR NOT NULL, 
	job_id INTEGER NOT NULL, 
	channel VARCHAR NOT NULL, 
	payload JSON NOT NULL, 
	state VARCHAR NOT NULL, 
	attempts INTEGER NOT NULL, 
	scheduled_at FLOAT NOT NULL, 
	error VARCHAR, 
	created_at FLOAT NOT NULL, 
	ended_at FLOAT, 
	PRIMARY KEY (id)
);
INSERT INTO "notice" VALUES('msg_1e78ba815e79423ba6a590596cc0684c',13,'webhook','{"type": "job.succeeded", "timestamp": "2023-11-14T22:13:20.000Z", "data": {"id": 13, "name": "told.mp4", "kind": null, "state": "succeeded", "reason": null, "remedy": null, "progress": 1.0, "stage": null, "attempts": 0, "created_at": "2023-11-14T22:13:20.000Z", "started_at": null, "finished_at": "2023-11-14T22:13:20.000Z", "duration_s": null, "language": null, "targets": [], "outputs": [], "error": null, "warnings": [], "profile": null, "source": "/archive/told.mp4", "published": null, "dup_of": null, "retry_at": null, "remaining_s": null, "retry_is_due": false, "folder": null}}','queued',0,1700000000.0,NULL,1700000000.0,NULL);
INSERT INTO "notice" VALUES('msg_c7c1a5eb715345e2ba9fbe04aafeecc8',13,'command','{"type": "job.succeeded", "timestamp": "2023-11-14T22:13:20.000Z", "data": {"id": 13, "name": "told.mp4", "kind": null, "state": "succeeded", "reason": null, "remedy": null, "progress": 1.0, "stage": null, "attempts": 0, "created_at": "2023-11-14T22:13:20.000Z", "started_at": null, "finished_at": "2023-11-14T22:13:20.000Z", "duration_s": null, "language": null, "targets": [], "outputs": [], "error": null, "warnings": [], "profile": null, "source": "/archive/told.mp4", "published": null, "dup_of": null, "retry_at": null, "remaining_s": null, "retry_is_due": false, "folder": null}}','queued',0,1700000000.0,NULL,1700000000.0,NULL);
CREATE TABLE owner (
	id VARCHAR NOT NULL, 
	path VARCHAR NOT NULL, 
	places JSON NOT NULL, 
	starts INTEGER NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "owner" VALUES('root-1','/root-1','{"work": "/root-1/work"}',1);
CREATE TABLE step (
	id INTEGER NOT NULL, 
	job_id INTEGER NOT NULL, 
	round INTEGER NOT NULL, 
	"key" VARCHAR NOT NULL, 
	stage VARCHAR NOT NULL, 
	phase INTEGER NOT NULL, 
	target VARCHAR, 
	pool VARCHAR NOT NULL, 
	params JSON NOT NULL, 
	state VARCHAR NOT NULL, 
	token INTEGER NOT NULL, 
	owner VARCHAR, 
	attempts INTEGER NOT NULL, 
	scheduled_at FLOAT NOT NULL, 
	progress FLOAT NOT NULL, 
	result JSON, 
	error JSON, priority INTEGER DEFAULT '2' NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (job_id, round, "key"), 
	FOREIGN KEY(job_id) REFERENCES job (id) ON DELETE CASCADE
);
INSERT INTO "step" VALUES(1,2,1,'probe','probe',0,NULL,'media','{}','succeeded',1,'run-1',0,0.0,1.0,'{}',NULL,2);
INSERT INTO "step" VALUES(2,2,1,'extract','extract',1,NULL,'media','{}','queued',0,NULL,0,0.0,0.0,NULL,NULL,2);
INSERT INTO "step" VALUES(3,3,1,'probe','probe',0,NULL,'media','{}','failed',1,NULL,1,0.0,0.0,NULL,'{"class": "WorkerDied", "message": "It died.", "remedy": "Look."}',2);
INSERT INTO "step" VALUES(4,3,1,'mix/pt','mix',9,'pt','media','{}','cancelled',0,NULL,0,0.0,0.0,NULL,NULL,2);
INSERT INTO "step" VALUES(5,4,1,'probe','probe',0,NULL,'media','{}','running',1,'run-1',0,0.0,0.0,NULL,NULL,2);
INSERT INTO "step" VALUES(6,5,1,'probe','probe',0,NULL,'media','{}','queued',0,NULL,0,0.0,0.0,NULL,NULL,2);
INSERT INTO "step" VALUES(7,6,1,'probe','probe',0,NULL,'media','{}','queued',0,NULL,0,0.0,0.0,NULL,NULL,2);
INSERT INTO "step" VALUES(8,7,1,'probe','probe',0,NULL,'media','{}','cancelled',0,NULL,0,0.0,0.0,NULL,NULL,2);
INSERT INTO "step" VALUES(9,8,1,'probe','probe',0,NULL,'media','{}','cancelled',0,NULL,0,0.0,0.0,NULL,NULL,2);
INSERT INTO "step" VALUES(10,9,1,'probe','probe',0,NULL,'media','{}','cancelled',0,NULL,0,0.0,0.0,NULL,NULL,2);
INSERT INTO "step" VALUES(11,10,1,'probe','probe',0,NULL,'media','{}','cancelled',0,NULL,0,0.0,0.0,NULL,NULL,2);
INSERT INTO "step" VALUES(12,11,1,'say','say',0,NULL,'synthesize','{"text": "Ol\u00e1."}','queued',0,NULL,0,0.0,0.0,NULL,NULL,0);
INSERT INTO "step" VALUES(13,12,1,'say','say',0,NULL,'synthesize','{"text": "Ol\u00e1."}','queued',0,NULL,0,0.0,0.0,NULL,NULL,1);
INSERT INTO "step" VALUES(14,13,1,'probe','probe',0,NULL,'media','{}','cancelled',0,NULL,0,0.0,0.0,NULL,NULL,2);
CREATE INDEX ix_job_state ON job (state, id);
CREATE INDEX ix_job_finished ON job (state, finished_at);
CREATE INDEX ix_job_name ON job (name);
CREATE INDEX ix_job_inode ON job (inode, state);
CREATE INDEX ix_job_content_hash ON job (content_hash);
CREATE INDEX ix_job_published ON job (published);
CREATE INDEX ix_attempt_step_id ON attempt (step_id);
CREATE INDEX ix_event_job ON event (job_id, id);
CREATE INDEX ix_notice_state ON notice (state, channel, scheduled_at);
CREATE INDEX ix_job_request_key ON job (request_key);
CREATE INDEX ix_job_batch ON job (batch);
CREATE INDEX ix_step_state_pool ON step (state, pool, priority, job_id, phase, id);
CREATE INDEX ix_line_state ON line (state, monitor, number);
CREATE INDEX ix_job_listed ON job (state, id, name, origin) WHERE origin <> 'asked';
CREATE INDEX ix_job_listed_finished ON job (state, finished_at) WHERE origin <> 'asked';
CREATE INDEX ix_attempt_failure ON attempt (error_class, step_id) WHERE outcome = 'failed';
COMMIT;
