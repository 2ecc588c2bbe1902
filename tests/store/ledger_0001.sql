BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE answer (
	id VARCHAR(64) NOT NULL, 
	product VARCHAR(64) NOT NULL, 
	variant VARCHAR(64) NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	user VARCHAR(64) NOT NULL, 
	request VARCHAR(64) NOT NULL, 
	label VARCHAR(200) NOT NULL, 
	score FLOAT NOT NULL, 
	scores JSON NOT NULL, 
	cpu_s FLOAT NOT NULL, 
	latency_ms FLOAT NOT NULL, 
	created VARCHAR(32) NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "answer" VALUES('a0-tiny','tiny','v-tiny','live','u','r0','positive',0.75,'{"negative": 0.25, "positive": 0.75}',0.001,2.5,'2026-11-25T08:00:01.100000+00:00');
INSERT INTO "answer" VALUES('a1-tiny','tiny','v-tiny','live','u','r1','positive',0.75,'{"negative": 0.25, "positive": 0.75}',0.001,2.5,'2026-11-25T08:00:01.100000+00:00');
INSERT INTO "answer" VALUES('a2-tiny','tiny','v-tiny','live','u','r2','positive',0.75,'{"negative": 0.25, "positive": 0.75}',0.001,2.5,'2026-11-25T08:00:01.100000+00:00');
INSERT INTO "answer" VALUES('a0-other','other','v-other','live','u','r0','positive',0.75,'{"negative": 0.25, "positive": 0.75}',0.001,2.5,'2026-11-25T08:00:02.300000+00:00');
INSERT INTO "answer" VALUES('a1-other','other','v-other','live','u','r1','positive',0.75,'{"negative": 0.25, "positive": 0.75}',0.001,2.5,'2026-11-25T08:00:02.300000+00:00');
INSERT INTO "answer" VALUES('a2-other','other','v-other','live','u','r2','positive',0.75,'{"negative": 0.25, "positive": 0.75}',0.001,2.5,'2026-11-25T08:00:02.300000+00:00');
CREATE TABLE dataset (
	id VARCHAR(64) NOT NULL, 
	product VARCHAR(64) NOT NULL, 
	version INTEGER NOT NULL, 
	tag VARCHAR(64) NOT NULL, 
	parent VARCHAR(64), 
	sources JSON NOT NULL, 
	recipe JSON NOT NULL, 
	counts JSON NOT NULL, 
	created VARCHAR(32) NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "dataset" VALUES('d-tiny','tiny',1,'d-tiny',NULL,'[{"place": "reviews.jsonl", "licence": null}]','{"data": {}}','[]','2026-11-25T08:00:00.400000+00:00');
INSERT INTO "dataset" VALUES('d-other','other',1,'d-other',NULL,'[{"place": "reviews.jsonl", "licence": null}]','{"data": {}}','[]','2026-11-25T08:00:01.600000+00:00');
CREATE TABLE entry (
	id INTEGER NOT NULL, 
	time VARCHAR(32) NOT NULL, 
	turn INTEGER NOT NULL, 
	account VARCHAR(64) NOT NULL, 
	quantity VARCHAR(40) NOT NULL, 
	unit VARCHAR(64) NOT NULL, 
	nano BIGINT NOT NULL, 
	currency VARCHAR(3) NOT NULL, 
	evidence VARCHAR(300) NOT NULL, 
	previous VARCHAR(64) NOT NULL, 
	hash VARCHAR(64) NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (hash)
);
INSERT INTO "entry" VALUES(1,'2026-11-25T08:00:00.400000+00:00',1,'cpu.data','0.000277778','cpu_hour',-100000,'CNY','step:data-tiny','0000000000000000000000000000000000000000000000000000000000000000','773f76922543d8c5bae7367b0d8642f4ad638eb00e6e2b434218af8bec16cdb7');
INSERT INTO "entry" VALUES(2,'2026-11-25T08:00:00.700000+00:00',1,'label','200','label',-60000000000,'CNY','labels:l-tiny','773f76922543d8c5bae7367b0d8642f4ad638eb00e6e2b434218af8bec16cdb7','89b9679e8447b64f2a3a8995d2fa3ccd6cdaf18ef06b130990432916ddd41e75');
INSERT INTO "entry" VALUES(3,'2026-11-25T08:00:00.700000+00:00',1,'cpu.label','0.000277778','cpu_hour',-100000,'CNY','step:label-tiny','89b9679e8447b64f2a3a8995d2fa3ccd6cdaf18ef06b130990432916ddd41e75','e03e45dec49a82c280b7c01ac531dc0831fae9b29b5708c1ccf0dc96a8b1b611');
INSERT INTO "entry" VALUES(4,'2026-11-25T08:00:01.000000+00:00',1,'cpu.train','0.000277778','cpu_hour',-100000,'CNY','step:train-tiny','e03e45dec49a82c280b7c01ac531dc0831fae9b29b5708c1ccf0dc96a8b1b611','0a7a813c0f3f946cf3abd58bc99f6025b3270461fb2d728e7d0359f04b6ab1a4');
INSERT INTO "entry" VALUES(5,'2026-11-25T08:00:01.100000+00:00',1,'cpu.serve','0.000000833333','cpu_hour',-300,'CNY','variant:v-tiny answers:3','0a7a813c0f3f946cf3abd58bc99f6025b3270461fb2d728e7d0359f04b6ab1a4','1827bbfa6e101b93e75120c7642109d28e4ab6da8a160cc25ee741570649bf68');
INSERT INTO "entry" VALUES(6,'2026-11-25T08:00:01.100000+00:00',1,'value.correct','1.0','correct_answer',10000000,'CNY','variant:v-tiny outcomes:1','1827bbfa6e101b93e75120c7642109d28e4ab6da8a160cc25ee741570649bf68','6a76c104f8f32ec5b8a0505db82090166aa363085cac27bba1fc13e7f8f5c982');
INSERT INTO "entry" VALUES(7,'2026-11-25T08:00:01.600000+00:00',2,'cpu.data','0.000277778','cpu_hour',-100000,'USD','step:data-other','6a76c104f8f32ec5b8a0505db82090166aa363085cac27bba1fc13e7f8f5c982','52fff588ec53b4ccc0a8c3508d5651ea126e8cd9f2ab38b943558519ca809cfc');
INSERT INTO "entry" VALUES(8,'2026-11-25T08:00:01.900000+00:00',2,'label','200','label',-60000000000,'USD','labels:l-other','52fff588ec53b4ccc0a8c3508d5651ea126e8cd9f2ab38b943558519ca809cfc','02456f85da605fddc60dc5cd95cf1678e80b9f4b0bfcdd430ac7c9c6bf824271');
INSERT INTO "entry" VALUES(9,'2026-11-25T08:00:01.900000+00:00',2,'cpu.label','0.000277778','cpu_hour',-100000,'USD','step:label-other','02456f85da605fddc60dc5cd95cf1678e80b9f4b0bfcdd430ac7c9c6bf824271','14bdc4d2cab98c8f398cd87566c8283d9868ebf927dfb873b5a237784e03df58');
INSERT INTO "entry" VALUES(10,'2026-11-25T08:00:02.200000+00:00',2,'cpu.train','0.000277778','cpu_hour',-100000,'USD','step:train-other','14bdc4d2cab98c8f398cd87566c8283d9868ebf927dfb873b5a237784e03df58','111fde3892d37df93fc7ba4497e19b256a747ac890f0f083faa4e268793747bd');
INSERT INTO "entry" VALUES(11,'2026-11-25T08:00:02.300000+00:00',2,'cpu.serve','0.000000833333','cpu_hour',-300,'USD','variant:v-other answers:3','111fde3892d37df93fc7ba4497e19b256a747ac890f0f083faa4e268793747bd','49111b5982d62e2d1caa3c30bf71ec59449be51b2a631ed74875e09915da2b84');
INSERT INTO "entry" VALUES(12,'2026-11-25T08:00:02.300000+00:00',2,'value.correct','1.0','correct_answer',10000000,'USD','variant:v-other outcomes:1','49111b5982d62e2d1caa3c30bf71ec59449be51b2a631ed74875e09915da2b84','87ca025338167cdd1021a995b172e0697400645f35c2ab2fe50724f45f765bec');
CREATE TABLE experiment (
	id VARCHAR(64) NOT NULL, 
	product VARCHAR(64) NOT NULL, 
	arms JSON NOT NULL, 
	unit VARCHAR(64) NOT NULL, 
	metric VARCHAR(64) NOT NULL, 
	rule JSON NOT NULL, 
	readout JSON NOT NULL, 
	created VARCHAR(32) NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "experiment" VALUES('e-tiny','tiny','{"live": "v-tiny"}','user','outcome','{}','{"decision": "keep"}','2026-11-25T08:00:01.000000+00:00');
INSERT INTO "experiment" VALUES('e-other','other','{"live": "v-other"}','user','outcome','{}','{"decision": "keep"}','2026-11-25T08:00:02.200000+00:00');
CREATE TABLE feedback (
	id VARCHAR(64) NOT NULL, 
	answer VARCHAR(64) NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	value VARCHAR(200) NOT NULL, 
	created VARCHAR(32) NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(answer) REFERENCES answer (id)
);
INSERT INTO "feedback" VALUES('f0-tiny','a0-tiny','outcome','positive','2026-11-25T08:00:01.100000+00:00');
INSERT INTO "feedback" VALUES('f0-other','a0-other','outcome','positive','2026-11-25T08:00:02.300000+00:00');
CREATE TABLE measure (
	id INTEGER NOT NULL, 
	subject VARCHAR(64) NOT NULL, 
	name VARCHAR(64) NOT NULL, 
	value FLOAT NOT NULL, 
	low FLOAT, 
	high FLOAT, 
	n INTEGER NOT NULL, 
	"on" VARCHAR(200) NOT NULL, 
	detail JSON, 
	created VARCHAR(32) NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "measure" VALUES(1,'v-tiny','macro_f1',0.9,0.8,0.95,100,'holdout','null','2026-11-25T08:00:01.000000+00:00');
INSERT INTO "measure" VALUES(2,'v-other','macro_f1',0.9,0.8,0.95,100,'holdout','null','2026-11-25T08:00:02.200000+00:00');
CREATE TABLE "plan" (
	id VARCHAR(64) NOT NULL, 
	turn INTEGER NOT NULL, 
	product VARCHAR(64) NOT NULL, 
	body JSON NOT NULL, 
	created VARCHAR(32) NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(turn) REFERENCES turn (id)
);
INSERT INTO "plan" VALUES('p-tiny',1,'tiny','{"recommendation": "nothing"}','2026-11-25T08:00:01.000000+00:00');
INSERT INTO "plan" VALUES('p-other',2,'other','{"recommendation": "nothing"}','2026-11-25T08:00:02.200000+00:00');
CREATE TABLE release (
	id INTEGER NOT NULL, 
	product VARCHAR(64) NOT NULL, 
	variant VARCHAR(64) NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	share FLOAT NOT NULL, 
	reason TEXT NOT NULL, 
	who VARCHAR(64) NOT NULL, 
	created VARCHAR(32) NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(variant) REFERENCES variant (id)
);
INSERT INTO "release" VALUES(1,'tiny','v-tiny','live',1.0,'first release: 首次','steelyard','2026-11-25T08:00:01.000000+00:00');
INSERT INTO "release" VALUES(2,'other','v-other','live',1.0,'first release: 首次','steelyard','2026-11-25T08:00:02.200000+00:00');
CREATE TABLE step (
	"key" VARCHAR(64) NOT NULL, 
	name VARCHAR(64) NOT NULL, 
	turn INTEGER NOT NULL, 
	done VARCHAR(32) NOT NULL, 
	cpu_s FLOAT NOT NULL, 
	output JSON NOT NULL, 
	PRIMARY KEY ("key"), 
	FOREIGN KEY(turn) REFERENCES turn (id)
);
INSERT INTO "step" VALUES('data-tiny','data',1,'2026-11-25T08:00:00.400000+00:00',1.0,'{"dataset": "d-tiny", "\u8bc4": "\u6570\u636e"}');
INSERT INTO "step" VALUES('label-tiny','label',1,'2026-11-25T08:00:00.700000+00:00',1.0,'{"labels": "l-tiny", "bought": 200}');
INSERT INTO "step" VALUES('train-tiny','train',1,'2026-11-25T08:00:01.000000+00:00',1.0,'{"variant": "v-tiny"}');
INSERT INTO "step" VALUES('data-other','data',2,'2026-11-25T08:00:01.600000+00:00',1.0,'{"dataset": "d-other", "\u8bc4": "\u6570\u636e"}');
INSERT INTO "step" VALUES('label-other','label',2,'2026-11-25T08:00:01.900000+00:00',1.0,'{"labels": "l-other", "bought": 200}');
INSERT INTO "step" VALUES('train-other','train',2,'2026-11-25T08:00:02.200000+00:00',1.0,'{"variant": "v-other"}');
CREATE TABLE turn (
	id INTEGER NOT NULL, 
	product VARCHAR(64) NOT NULL, 
	spec_sha256 VARCHAR(64) NOT NULL, 
	started VARCHAR(32) NOT NULL, 
	ended VARCHAR(32), 
	PRIMARY KEY (id)
);
INSERT INTO "turn" VALUES(1,'tiny','spec-tiny','2026-11-25T08:00:00.100000+00:00','2026-11-25T08:00:01.200000+00:00');
INSERT INTO "turn" VALUES(2,'other','spec-other','2026-11-25T08:00:01.300000+00:00','2026-11-25T08:00:02.400000+00:00');
CREATE TABLE variant (
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(64) NOT NULL, 
	task VARCHAR(64) NOT NULL, 
	parent VARCHAR(64), 
	dataset VARCHAR(64) NOT NULL, 
	bytes BIGINT NOT NULL, 
	card JSON NOT NULL, 
	created VARCHAR(32) NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(dataset) REFERENCES dataset (id)
);
INSERT INTO "variant" VALUES('v-tiny','baseline','text_classification',NULL,'d-tiny',10,'{"trained_on": 200}','2026-11-25T08:00:01.000000+00:00');
INSERT INTO "variant" VALUES('v-other','baseline','text_classification',NULL,'d-other',10,'{"trained_on": 200}','2026-11-25T08:00:02.200000+00:00');
CREATE INDEX answer_by_request ON answer (request);
CREATE INDEX feedback_by_answer ON feedback (answer);
COMMIT;
